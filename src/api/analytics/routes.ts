import { z } from "zod";
import { timestamp, type Feed } from "../../domains/kernel";
import { Problem, missing, ndjson, ok, route, wholeNumber, type Route } from "../http";
import { type Services } from "../services";
import { FeedStore, type Summary } from "./feed-store";

const security = { roles: ["analyst", "finance"], openOnLoopback: true } as const;

const amounts = z.record(z.string(), z.string()).describe("Exact sums as decimal text, by currency.");
const sums = { rows: z.int(), quantity: z.int(), amounts };
const summarySchema = z
  .object({
    feed: z.string(),
    position: z.string().describe("Log position that the sums include."),
    groups: z.array(z.object({ key: z.string().nullable(), ...sums })),
    total: z.object(sums),
  })
  .meta({ id: "FeedSummary" });

const feedSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    version: z.int(),
    dimensions: z.array(z.string()),
    rows: z.int(),
    position: z.string(),
  })
  .meta({ id: "Feed" });

const filterText = z
  .string()
  .regex(/^[A-Za-z]+:[^\n]*$/, "a dimension and a value, such as kind:sale")
  .max(300);

const params = z.object({ name: z.string().meta({ examples: ["order-lines"] }) });

const rowsQuery = z.strictObject({
  after: z
    .string()
    .regex(/^[0-9a-z]{1,16}\.[0-9a-z]{1,8}$/, "a cursor as an earlier row gave it")
    .optional(),
  limit: wholeNumber(1, 1_000_000).default(10_000),
});

const summaryQuery = z.strictObject({
  groupBy: z.string().max(40).optional(),
  from: timestamp.optional(),
  to: timestamp.optional(),
  filter: z
    .union([filterText, z.array(filterText).max(20)])
    .describe("`dimension:value`; may be given several times.")
    .optional(),
});

/** Kept sums: the same question at the same position has the same answer. */
const KEPT_SUMMARIES = 200;

/** Feeds for analysts: rows to fetch, sums to look at. */
export function analyticsRoutes(services: Services, feeds: readonly Feed[]): readonly Route[] {
  const stores = new Map(
    feeds.map((feed) => [feed.name, new FeedStore(feed, services.models.get(feed.context, feed.name))] as const),
  );
  const kept = new Map<string, Promise<Summary>>();

  /** People are looked for by what stands for them. */
  async function storedWhere(where: Readonly<Record<string, string>>): Promise<Record<string, readonly string[]>> {
    const entries = Object.entries(where).map(async ([name, value]) => [name, await services.storedAs(value)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  function summarise(store: FeedStore, query: z.output<typeof summaryQuery>): Promise<Summary> {
    const key = JSON.stringify([store.feed.name, store.model.position.toString(), store.model.generation, query]);
    let summary = kept.get(key);
    if (!summary) {
      const where = whereOf(store, query.filter);
      summary = storedWhere(where).then((stored) => store.summary({ ...query, groupBy: query.groupBy, where: stored }));
      summary.catch(() => kept.delete(key));
      kept.set(key, summary);
      const oldest = kept.size > KEPT_SUMMARIES ? kept.keys().next() : undefined;
      if (oldest && !oldest.done) kept.delete(oldest.value);
    }
    return summary;
  }

  return [
    route({
      method: "GET",
      path: "/analytics/v1/feeds",
      operationId: "listFeeds",
      summary: "The feeds and what they can be grouped by",
      tags: ["Analytics"],
      security,
      responses: { 200: { description: "All feeds", schema: z.object({ items: z.array(feedSchema) }) } },
      async handler() {
        const items = [...stores.values()].map(async (store) => {
          const { name, description, version } = store.feed;
          const { dimensions, model } = store;
          const [rows, position] = [await store.count(), model.position.toString()];
          return { name, description, version, dimensions: [...dimensions], rows, position };
        });
        return ok({ items: await Promise.all(items) });
      },
    }),
    route({
      method: "GET",
      path: "/analytics/v1/feeds/:name",
      operationId: "readFeed",
      summary: "A feed's rows in log order, one JSON text a line",
      description: "Each row has its `cursor`; ask for what comes after the last one seen to go on.",
      tags: ["Analytics"],
      security,
      params,
      query: rowsQuery,
      responses: { 200: { description: "The rows", mediaType: "application/x-ndjson" } },
      async handler({ params, query, consistencyToken, signal }) {
        const store = stores.get(params.name);
        if (!store) return missing("feed");
        await services.level(store.model, consistencyToken);
        return ndjson(store.rows(query.after, query.limit, signal));
      },
    }),
    route({
      method: "GET",
      path: "/analytics/v1/feeds/:name/summary",
      operationId: "summariseFeed",
      summary: "Exact sums over a feed, by one of its dimensions",
      tags: ["Analytics"],
      security,
      params,
      query: summaryQuery,
      responses: { 200: { description: "The sums", schema: summarySchema } },
      async handler({ params, query, consistencyToken }) {
        const store = stores.get(params.name);
        if (!store) return missing("feed");
        if (query.groupBy !== undefined && !store.dimensions.includes(query.groupBy))
          return unknownDimension("groupBy", query.groupBy, store);
        await services.level(store.model, consistencyToken);
        return ok(await summarise(store, query));
      },
    }),
  ];
}

/** @throws Problem 422 when a filter names no dimension of the feed */
function whereOf(store: FeedStore, filter: string | readonly string[] | undefined): Record<string, string> {
  const where: Record<string, string> = {};
  for (const each of filter === undefined ? [] : typeof filter === "string" ? [filter] : filter) {
    const colon = each.indexOf(":");
    const name = each.slice(0, colon);
    if (!store.dimensions.includes(name)) throw unknownDimension("filter", name, store);
    where[name] = each.slice(colon + 1);
  }
  return where;
}

const unknownDimension = (path: string, received: string, { feed, dimensions }: FeedStore): Problem =>
  new Problem(422, "invalid-request", `The feed ${feed.name} has no dimension ${received}.`, {
    errors: [{ path, in: "query", message: `must be one of ${dimensions.join(", ")}`, received }],
  });
