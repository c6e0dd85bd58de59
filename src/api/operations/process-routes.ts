import { z } from "zod";
import { type ProcessState } from "../../infra/runtime";
import { accepted, missing, ok, Problem, type Route, route, wholeNumber } from "../http";
import { type OperatedEngine } from "./operated-engine";

const shared = {
  tags: ["Operations"],
  security: { roles: ["operator"], openOnLoopback: true },
  cache: "no-store",
  heeds: [],
} as const;

const placeSchema = z
  .object({ stream: z.string(), revision: z.int(), type: z.string(), position: z.string(), id: z.string() })
  .meta({ id: "EventPlace" });

const processSchema = z
  .object({
    process: z.string(),
    context: z.string(),
    id: z.string(),
    stream: z
      .string()
      .describe("All that it has done; of a reaction, what it reacts to. `/admin/v1/streams` shows it."),
    state: z
      .enum(["waiting", "overdue", "stuck", "retrying", "ended"])
      .describe(
        "`waiting` for a moment; `overdue`: that has passed, and nothing has woken it; `stuck`: it cannot go on; " +
          "`retrying`: it is to be tried again; `ended`: it was given up.",
      ),
    since: z.string().nullable().describe("When it was found to be stuck."),
    failures: z.int(),
    cause: z
      .object({
        message: z.string(),
        event: placeSchema.nullable().describe("The event that it fails at."),
        command: z
          .object({ type: z.string(), stream: z.string() })
          .nullable()
          .describe("The command that it wanted and that could not be carried out."),
      })
      .nullable(),
    waitingEvents: z.int().describe("Events that wait until it goes on."),
    deadline: z
      .object({ name: z.string(), at: z.string() })
      .nullable()
      .describe("When it is to be woken, and for what."),
    triedAgainAt: z
      .string()
      .nullable()
      .describe("When it is tried again by itself, where the cause may pass: a payment provider that does not answer."),
    correlationId: z.string(),
    asked: z
      .object({ by: z.string(), at: z.string(), reason: z.string().nullable() })
      .nullable()
      .describe("Who has had it tried again, or given it up, and why."),
  })
  .meta({ id: "Process" });

const listSchema = z.object({
  items: z.array(processSchema),
  silent: z.array(z.string()).optional().describe("Contexts of which no process answers."),
});

const params = z.object({
  process: z.string().meta({ examples: ["checkout"] }),
  id: z.string().meta({ examples: ["92117135-0f0a-4b52-8d60-6a9f3c7de0f1"] }),
});

const query = z.strictObject({
  state: z
    .enum(["stuck", "running", "ended"])
    .default("stuck")
    .describe("`stuck`: cannot go on, or is overdue. `running`: waits for a moment to come. `ended`: given up."),
  process: z.string().optional().describe("Only those of this name."),
  seconds: wholeNumber(0, 86_400).default(30).describe("How long a moment may have passed before one is overdue."),
  limit: wholeNumber(1, 1_000).default(100),
});

const reason = z.string().trim().min(1).max(500);

/** Processes that cannot go on, and what can be done about them. */
export function processRoutes({ processes }: Pick<OperatedEngine, "processes">): readonly Route[] {
  /** @throws Problem 404 */
  async function find(process: string, id: string): Promise<ProcessState> {
    const found = await processes.get(process, id);
    if (!found) throw missing("process, or it is at rest");
    return found;
  }

  async function ask(what: "retry" | "end", process: string, id: string, by: string, why: string | undefined) {
    const found = await find(process, id);
    const asked = { by, at: new Date(), reason: why ?? null };
    const done = await processes[what](process, id, asked);
    if (!done) throw new Problem(409, "process-not-stuck", `${process} ${id} is ${found.state}, not stuck.`);
    const state = what === "retry" ? "retrying" : "ended";
    return accepted(`/operations/v1/processes/${process}/${encodeURIComponent(id)}`, view({ ...found, state, asked }));
  }

  return [
    route({
      ...shared,
      method: "GET",
      path: "/operations/v1/processes",
      operationId: "listProcesses",
      summary: "Processes that cannot go on, with their cause; or those that wait, or were given up",
      description:
        "A process that fails is set aside with the events that wait for it, and all others go on; so is a stream that a " +
        "reaction (`payment-provider`) fails at. What keeps every process from going on is shown under " +
        "`/operations/v1/projections`, and as the cause of those that are overdue.",
      query,
      responses: { 200: { description: "The longest stuck, or the next to be woken, first", schema: listSchema } },
      refusals: { "not-found": 404 },
      async handler({ query: { process, state, seconds, limit } }) {
        if (process !== undefined && !processes.names.includes(process)) throw missing("process");
        const found = await processes.list({ process, state, limit, grace: seconds * 1_000 });
        return ok({ items: found.map(view) });
      },
    }),
    route({
      ...shared,
      method: "GET",
      path: "/operations/v1/processes/:process/:id",
      params,
      operationId: "getProcess",
      summary: "One of them",
      responses: { 200: { description: "Its state", schema: processSchema } },
      refusals: { "not-found": 404 },
      handler: async ({ params: { process, id } }) => ok(view(await find(process, id))),
    }),
    route({
      ...shared,
      method: "POST",
      path: "/operations/v1/processes/:process/:id/retry",
      params,
      operationId: "retryProcess",
      summary: "Has a stuck process tried again",
      description:
        "With all events that wait for it, in their order. Commands that it has sent before go under the same ids, so " +
        "that nothing happens twice. Where it fails again it is `stuck` again.",
      body: z.strictObject({ reason: reason.optional() }).optional(),
      responses: { 202: { description: "It will be tried at once where its worker runs", schema: processSchema } },
      refusals: { "not-found": 404, "process-not-stuck": 409 },
      async handler({ params: { process, id }, body, actor, log }) {
        const answer = await ask("retry", process, id, actor, body?.reason);
        log.info({ process, id, actor, reason: body?.reason }, "retry of a process");
        return answer;
      },
    }),
    route({
      ...shared,
      method: "POST",
      path: "/operations/v1/processes/:process/:id/end",
      params,
      operationId: "endProcess",
      summary: "Gives a stuck process up",
      description:
        "It hears and does nothing any more; who did so, when and why is kept. What it has done stays as it is: an " +
        "order is to be cancelled, stock released and a payment reversed by commands of the back office.",
      body: z.strictObject({ reason }),
      responses: { 202: { description: "It is given up", schema: processSchema } },
      refusals: { "not-found": 404, "process-not-stuck": 409 },
      async handler({ params: { process, id }, body, actor, log }) {
        const answer = await ask("end", process, id, actor, body.reason);
        log.warn({ process, id, actor, reason: body.reason }, "a process was given up");
        return answer;
      },
    }),
  ];
}

function view({
  since,
  cause,
  deadline,
  triedAgainAt,
  asked,
  waiting,
  ...state
}: ProcessState): z.output<typeof processSchema> {
  return {
    ...state,
    since: since?.toISOString() ?? null,
    cause: cause && {
      ...cause,
      event: cause.event && { ...cause.event, position: cause.event.position.toString() },
    },
    waitingEvents: waiting,
    triedAgainAt: triedAgainAt?.toISOString() ?? null,
    deadline: deadline && { name: deadline.name, at: deadline.at.toISOString() },
    asked: asked && { ...asked, at: asked.at.toISOString() },
  };
}
