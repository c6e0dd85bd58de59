import { z } from "zod";
import { RebuildUnderWay } from "../../infra/runtime";
import { accepted, ok, Problem, route, type Route } from "../http";
import { type OperatedEngine } from "./operated-engine";
import { fullName, namedWork, type Owners, type Work, workOf, workSchema } from "./work";

const shared = {
  tags: ["Operations"],
  security: { roles: ["operator"], openOnLoopback: true },
  cache: "no-store",
  heeds: [],
} as const;
const nameNote =
  "`name` is a bare name (`products`), or with its context (`storefront.products`) where several have it.";

const params = z.object({ name: z.string().meta({ examples: ["storefront.products"] }) });

const listSchema = z.object({
  items: z.array(workSchema),
  head: z.string().describe("Newest position that this process has seen in the log."),
});

const address = (work: Work): string => `/operations/v1/projections/${fullName(work)}`;

const whyNotRebuilt = (work: Work): string =>
  work.kind === "process" || work.kind === "reaction"
    ? `${fullName(work)} is a ${work.kind}: it has nothing to rebuild.`
    : `${fullName(work)} is not worked on by this process: ask one that does.`;

/** How long the database is asked who works on what, in ms: the rest can be told without it. */
const PATIENCE = 2_000;

const owners = ({ owners }: OperatedEngine): Promise<Owners | undefined> =>
  Promise.race([
    owners().catch(() => undefined),
    new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PATIENCE).unref()),
  ]);

/** The state of all that follows the log, and what can be done about it. */
export function workRoutes(engine: OperatedEngine): readonly Route[] {
  /** @throws Problem 404 or 409 */
  async function find(name: string): Promise<Work> {
    const [found, ...others] = namedWork(workOf(engine, await owners(engine)), name);
    if (!found) throw new Problem(404, "projection-not-found", `There is no projection ${name} here.`);
    if (others.length === 0) return found;
    const names = [found, ...others].map(fullName);
    throw new Problem(409, "ambiguous-name", `Several contexts have ${name}: say ${names.join(" or ")}.`, {
      details: { names },
    });
  }

  return [
    route({
      ...shared,
      method: "GET",
      path: "/operations/v1/projections",
      operationId: "listProjections",
      summary: "Read models, feeds, processes and reactions: how far they are, and what is wrong",
      description: "What this process works on, and the read models of others.",
      responses: { 200: { description: "All of them", schema: listSchema } },
      handler: async () => ok({ items: [...workOf(engine, await owners(engine))], head: engine.tail.head.toString() }),
    }),
    route({
      ...shared,
      method: "GET",
      path: "/operations/v1/projections/:name",
      params,
      operationId: "getProjection",
      summary: "One of them",
      description: nameNote,
      responses: { 200: { description: "Its state", schema: workSchema } },
      refusals: { "projection-not-found": 404, "ambiguous-name": 409 },
      handler: async ({ params: { name } }) => ok(await find(name)),
    }),
    route({
      ...shared,
      method: "POST",
      path: "/operations/v1/projections/:name/rebuild",
      params,
      operationId: "rebuildProjection",
      summary: "Builds a read model or feed anew from the log",
      description: `${nameNote} The present one serves until the new one is level with it.`,
      responses: { 202: { description: "It has begun", schema: workSchema } },
      refusals: {
        "projection-not-found": 404,
        "ambiguous-name": 409,
        "rebuild-under-way": 409,
        "cannot-be-rebuilt": 409,
      },
      async handler({ params: { name }, actor, log }) {
        const work = await find(name);
        const runner = engine.runners.get(fullName(work));
        if (!runner) return new Problem(409, "cannot-be-rebuilt", whyNotRebuilt(work));
        try {
          const target = await runner.rebuild();
          log.info({ readModel: fullName(work), target, actor }, "rebuild");
        } catch (error) {
          if (!(error instanceof RebuildUnderWay)) throw error;
          return new Problem(409, "rebuild-under-way", `${fullName(work)} is being rebuilt already.`);
        }
        return accepted(address(work), await find(fullName(work)));
      },
    }),
    route({
      ...shared,
      method: "POST",
      path: "/operations/v1/projections/:name/retry",
      params,
      operationId: "retryProjection",
      summary: "Tries the event again that stopped it",
      description: nameNote,
      responses: { 202: { description: "It goes on from that event", schema: workSchema } },
      refusals: { "projection-not-found": 404, "ambiguous-name": 409, "not-failed": 409 },
      async handler({ params: { name }, actor, log }) {
        const work = await find(name);
        if (work.state !== "failed" && work.rebuild?.state !== "failed")
          return new Problem(409, "not-failed", `${fullName(work)} is ${work.state}: there is nothing to retry.`);
        const key = fullName(work);
        (engine.runners.get(key) ?? engine.workers.get(key)?.consumer)?.retry();
        log.info({ work: key, actor }, "retry");
        return accepted(address(work), await find(key));
      },
    }),
  ];
}
