import { z } from "zod";
import { auditTrail } from "../../domains/operations";
import { type Recorded, streamCategory } from "../../domains/kernel";
import { type Explainer, LogBusy, type Searched, type TraceOptions } from "../../infra/audit";
import { ok, Problem, type Route, route, wholeNumber } from "../http";
import { causalTree, type Caused, causesOf, effectsOf } from "./causal-tree";
import { type Services } from "../services";
import { reading } from "./conventions";
import { eventSchema, eventView } from "./event-view";

/** A log position in a query. */
export const position = z
  .string()
  .regex(/^\d{1,19}$/, "a log position: a whole number")
  .transform(BigInt);

/** How long the log may be read for an answer. */
export const seconds = wholeNumber(1, 60).default(10).describe("How long the log may be read.");
/** Of answers for which the log is read for as long as the caller wants, in ms. */
export const READING_DEADLINE = 75_000;

const search = {
  window: wholeNumber(1, 86_400)
    .default(120)
    .describe("Seconds without another such event after which nothing more is expected, in the log's time."),
  limit: wholeNumber(1, 5_000).default(500).describe("Events at most; there may be more where `cutOff` is true."),
  seconds,
};

const causedSchema = z
  .object({
    stream: z.string(),
    ...eventSchema.shape,
    causedBy: z.string().nullable().describe("Id of the event that led to it; `null`: it was asked for from outside."),
    depth: z.int().describe("How many events lie between."),
  })
  .meta({ id: "CausedEvent" });

const searchedSchema = z
  .object({
    from: z.string().nullable().describe("Log position of the first event that was looked at."),
    to: z.string().nullable(),
    fromTime: z.string().nullable(),
    toTime: z.string().nullable(),
    cutOff: z.boolean().describe("Time, or `limit`, was over before all was read: there may be more."),
  })
  .meta({ id: "SearchedLog" });

const correlationSchema = z
  .object({
    correlationId: z.string(),
    events: z.array(causedSchema).describe("As a tree: each event after the one that led to it."),
    searched: searchedSchema,
  })
  .meta({ id: "Correlation" });

const causationSchema = z
  .object({
    event: causedSchema,
    causes: z.array(causedSchema).describe("What led to it, from the first cause on."),
    effects: z.array(causedSchema).describe("What it led to, as a tree; `depth` counts from the event."),
    correlationId: z.string(),
    searched: searchedSchema,
  })
  .meta({ id: "Causation" });

const how =
  "The audit trail, which tells of requests, is left out. Nothing is kept for this when events are written: the log is read around the event, or backwards from its end where " +
  "no `position` is named. One such answer is made at a time.";

/** What caused an event, and what it caused. */
export function causationRoutes(services: Services, explainer: Explainer): readonly Route[] {
  /** @throws Problem 404, or 503 while another reads */
  async function find(
    what: string,
    options: TraceOptions,
  ): Promise<{ events: readonly Recorded[]; searched: Searched }> {
    try {
      const found = await explainer.trace(options);
      const events = found.events.filter(({ stream }) => streamCategory(stream) !== auditTrail.category);
      if (events.length > 0) return { ...found, events: await services.log.codec.openAll(events) };
      const { fromTime, cutOff } = found.searched;
      const back = cutOff && fromTime !== null ? ` back to ${fromTime}, as far as was read in time` : "";
      throw new Problem(404, "not-found", `There is no such ${what} in the log${back}.`);
    } catch (error) {
      if (!(error instanceof LogBusy)) throw error;
      throw busy(error);
    }
  }

  return [
    route({
      ...reading("readHistory"),
      method: "GET",
      path: "/admin/v1/correlations/:correlationId",
      operationId: "readCorrelation",
      summary: "All that followed from one request, as a tree",
      description: `The id is the \`Correlation-Id\` of the request, and in every event under \`why\`. ${how}`,
      query: z.strictObject({
        position: position.optional().describe("Of one of its events, where known."),
        ...search,
      }),
      deadline: READING_DEADLINE,
      responses: { 200: { description: "The events", schema: correlationSchema } },
      refusals: { "not-found": 404, "log-busy": 503 },
      async handler({ params: { correlationId }, query, signal }) {
        const { events, searched } = await find("correlation", { correlationId, ...optionsOf(query), signal });
        return ok({ correlationId, events: causalTree(events).map(view), searched: searchedView(searched) });
      },
    }),
    route({
      ...reading("readHistory"),
      method: "GET",
      path: "/admin/v1/causation/:eventId",
      operationId: "explainEvent",
      summary: "What led to an event, and what it led to",
      description: how,
      query: z.strictObject({ position: position.optional().describe("Of the event, as each answer with events tells it."), ...search }), // prettier-ignore
      deadline: READING_DEADLINE,
      responses: { 200: { description: "Causes and effects", schema: causationSchema } },
      refusals: { "not-found": 404, "log-busy": 503 },
      async handler({ params: { eventId }, query, signal }) {
        const { events, searched } = await find("event", { eventId, ...optionsOf(query), signal });
        const tree = causalTree(events);
        const own = tree.find(({ event }) => event.id === eventId);
        if (!own) throw new Problem(404, "not-found", "There is no such event in the log.");
        return ok({
          event: view(own),
          causes: causesOf(tree, eventId).map(view),
          effects: effectsOf(tree, eventId).map(view),
          correlationId: own.event.metadata.correlationId,
          searched: searchedView(searched),
        });
      },
    }),
  ];
}

/** 503: one such answer is made at a time. */
export const busy = (cause: LogBusy): Problem =>
  new Problem(503, "log-busy", "The log is being read for another such question. Try again in a moment.", {
    headers: { "Retry-After": "2" },
    cause,
  });

interface Asked {
  readonly position?: bigint | undefined;
  readonly window: number;
  readonly seconds: number;
  readonly limit: number;
}

const optionsOf = ({ position: near, window, seconds, limit }: Asked) => ({
  near,
  window: window * 1_000,
  budget: seconds * 1_000,
  limit,
});

const view = ({ event, causedBy, depth }: Caused) => ({ stream: event.stream, ...eventView(event), causedBy, depth });

const searchedView = ({ from, to, ...times }: Searched) => ({
  from: from === null ? null : from.toString(),
  to: to === null ? null : to.toString(),
  ...times,
});
