import { z } from "zod";
import { isBefore, type Recorded, streamId, timestamp } from "../../domains/kernel";
import { missing, ok, type Route, route, wholeNumber } from "../http";
import { type Services } from "../services";
import { type Foldable, foldables } from "./aggregates";
import { reading } from "./conventions";
import { eventSchema, eventView, json, withoutSecrets } from "./event-view";

const revision = wholeNumber(0, Number.MAX_SAFE_INTEGER);

const query = z.strictObject({
  at: z
    .union([revision, timestamp])
    .describe("A revision, or a time in the business: gives the state then, and the events that led to it.")
    .optional(),
  from: revision.default(0).describe("First revision to show."),
  limit: wholeNumber(1, 1_000).default(100),
});

const streamSchema = z
  .object({
    category: z.string(),
    id: z.string(),
    revision: z.int().describe("Of the last event that the state contains; -1: of none, there was nothing yet."),
    state: json.nullable().describe("As the events up to `revision` leave it; `null` when there was nothing yet."),
    events: z.array(eventSchema),
    nextFrom: z.int().nullable().describe("Ask with `from` for what comes after this page."),
  })
  .meta({ id: "Stream" });

/** The history of every aggregate. */
export function streamRoutes(services: Services): readonly Route[] {
  return [
    route({
      ...reading("readHistory"),
      method: "GET",
      path: "/admin/v1/streams/:category/:id",
      operationId: "readStream",
      summary: "The events of an aggregate with who, when and why, and its state at any time",
      description:
        "Categories: " +
        [...foldables.keys()].map((name) => `\`${name}\``).join(", ") +
        ". Stock has ids such as `main-85123A`, prices have SKUs, claims have ids such as `sku:85123A`; a checkout " +
        "has its order's id. Tokens of payments are not shown.",
      query,
      responses: { 200: { description: "The state and a page of events", schema: streamSchema } },
      async handler({ params: { category, id }, query }) {
        const aggregate = foldables.get(category);
        if (!aggregate) return missing("category of streams");
        const stream = `${category}-${id}`;
        const past = await (query.at === undefined
          ? readNow(services, aggregate, stream, query)
          : readPast(services, aggregate, stream, query.at, query));
        if (!past.exists) return missing(category);
        return ok({
          category,
          id,
          revision: past.revision,
          state: past.revision < 0 ? null : (withoutSecrets(aggregate.readable(past.state)) as object),
          events: past.page.map(eventView),
          nextFrom: past.nextFrom,
        });
      },
    }),
  ];
}

interface History {
  readonly exists: boolean;
  readonly revision: number;
  readonly state: unknown;
  readonly page: readonly Recorded[];
  readonly nextFrom: number | null;
}
type Page = Pick<z.output<typeof query>, "from" | "limit">;

/** The state is at hand mostly; of the stream only the page is read. */
async function readNow(
  { commands, log }: Services,
  aggregate: Foldable,
  stream: string,
  { from, limit }: Page,
): Promise<History> {
  const { state, revision } = await aggregate.load(commands, streamId(stream));
  const page: Recorded[] = [];
  if (from <= revision) for await (const event of log.readStream(stream, from, limit)) page.push(event);
  const last = page.at(-1)?.revision ?? revision;
  return { exists: revision >= 0, revision, state, page, nextFrom: last < revision ? last + 1 : null };
}

/** Folds what had happened by then, and keeps a page of it. */
async function readPast(
  { log }: Services,
  { initialState, evolve }: Foldable,
  stream: string,
  at: number | string,
  { from, limit }: Page,
): Promise<History> {
  const most = typeof at === "number" ? at + 1 : undefined;
  const page: Recorded[] = [];
  let state = initialState;
  let exists = false;
  let revision = -1;
  let nextFrom: number | null = null;
  for await (const event of log.readStream(stream, 0, most)) {
    exists = true;
    if (typeof at === "string" && isBefore(at, event.metadata.occurredAt)) continue;
    state = evolve(state, event);
    ({ revision } = event);
    if (revision < from) continue;
    if (page.length < limit) page.push(event);
    else nextFrom ??= revision;
  }
  return { exists, revision, state, page, nextFrom };
}
