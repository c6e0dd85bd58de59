import { z } from "zod";
import { orElse, type Outlook, RebuildUnderWay, type SkippedEvent } from "../../infra/runtime";
import { accepted, ok, Problem, route, type Route } from "../http";
import { type OperatedEngine } from "./operated-engine";
import { fullName, namedWork, type Work, workOf, workSchema } from "./work";

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
  silent: z
    .array(z.string())
    .optional()
    .describe("Contexts of which no process answers, so that nothing is said of theirs."),
});

const skipSchema = z.strictObject({
  event: z.string().min(1).max(100).describe("Id of the event at which it stands: `event` of its error."),
  position: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional()
    .describe("Its position, to be quite sure."),
  document: z.string().min(1).optional().describe("Only where this document cannot take it."),
  reason: z.string().trim().min(1).max(500).describe("Why, for those who look at it later."),
});

const skippedSchema = z
  .object({
    event: z.string().describe("Its id."),
    stream: z.string(),
    revision: z.int(),
    type: z.string(),
    position: z.string(),
    document: z
      .string()
      .nullable()
      .describe("The only document that goes without it; null: it is left out altogether."),
    cause: z.string().describe("Why it could not be handled."),
    reason: z.string(),
    by: z.string(),
    at: z.string(),
  })
  .meta({ id: "SkippedEvent" });

const placeView = ({ id, stream, revision, type, position }: SkippedEvent["event"]) => ({
  event: id,
  stream,
  revision,
  type,
  position: position.toString(),
});

const skippedView = ({ event, document, cause, reason, by, at }: SkippedEvent): z.output<typeof skippedSchema> => ({
  ...placeView(event),
  document,
  cause,
  reason,
  by,
  at: at.toISOString(),
});

const address = (work: Work): string => `/operations/v1/projections/${fullName(work)}`;

/** How long the database is asked who works on what, in ms: the rest can be told without it. */
const PATIENCE = 2_000;

const outlook = ({ operator }: OperatedEngine): Promise<Outlook | undefined> =>
  orElse(operator.outlook(), PATIENCE, undefined);

/** The state of all that follows the log, and what can be done about it. */
export function workRoutes(engine: OperatedEngine): readonly Route[] {
  const { operator } = engine;

  /** @throws Problem 404 or 409 */
  async function find(name: string): Promise<Work> {
    const [found, ...others] = namedWork(workOf(engine, await outlook(engine)), name);
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
      description: "What this process works on, and what others do, wherever each context is a process of its own.",
      responses: { 200: { description: "All of them", schema: listSchema } },
      handler: async () => ok({ items: [...workOf(engine, await outlook(engine))], head: engine.tail.head.toString() }),
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
      description: `${nameNote} The present one serves until the new one is level with it. Another process that works on it is asked to.`,
      responses: {
        202: {
          description: "It has begun, or will within a second where another process does the work",
          schema: workSchema,
        },
      },
      refusals: {
        "projection-not-found": 404,
        "ambiguous-name": 409,
        "rebuild-under-way": 409,
        "cannot-be-rebuilt": 409,
      },
      async handler({ params: { name }, actor, log }) {
        const work = await find(name);
        const { kind, context } = work;
        if (kind === "process" || kind === "reaction")
          return new Problem(409, "cannot-be-rebuilt", `${fullName(work)} is a ${kind}: it has nothing to rebuild.`);
        try {
          if (!(await operator.rebuild(context, work.name, actor)))
            return new Problem(409, "cannot-be-rebuilt", `No worker has built ${fullName(work)} yet.`);
          log.info({ readModel: fullName(work), actor }, "rebuild");
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
        await operator.settle(work.context, work.name, {}, { kind: "retry", by: actor, reason: null });
        log.info({ work: key, actor }, "retry");
        return accepted(address(work), await find(key));
      },
    }),
    route({
      ...shared,
      method: "POST",
      path: "/operations/v1/projections/:name/skip",
      params,
      operationId: "skipEvent",
      summary: "Leaves out the event at which it stands, and goes on",
      description:
        `${nameNote} The event must be the one at which it stands now, named by its id (\`event\` of its error) or its ` +
        "position. Where one document cannot take the event, the event is left out for that document alone; else " +
        "altogether, in all partitions that stand at it. That is kept, with who and why, and heeded by every rebuild and by `millrace verify`.",
      body: skipSchema,
      responses: { 202: { description: "It goes on behind that event", schema: workSchema } },
      refusals: { "projection-not-found": 404, "ambiguous-name": 409, "not-failed": 409, "stands-elsewhere": 409 },
      async handler({ params: { name }, body: { event, position, document, reason }, actor, log }) {
        const work = await find(name);
        const key = fullName(work);
        const standing = await operator.failures(work.context, work.name);
        if (standing.length === 0)
          return new Problem(409, "not-failed", `${key} is ${work.state}: there is nothing to skip.`);
        const meant = standing.find(
          (failure) =>
            failure.event.id === event &&
            (position === undefined || failure.event.position === BigInt(position)) &&
            (document === undefined || failure.document === document),
        );
        if (!meant)
          return new Problem(409, "stands-elsewhere", `${key} does not stand at that event.`, {
            details: { standing: standing.map(({ event, document }) => ({ ...placeView(event), document })) },
          });
        const verdict = { kind: "skip", by: actor, reason } as const;
        await operator.settle(work.context, work.name, { event: meant.event.id, document }, verdict);
        log.warn({ work: key, event: meant.event.id, document: meant.document, actor, reason }, "an event is skipped");
        return accepted(address(work), await find(key));
      },
    }),
    route({
      ...shared,
      method: "GET",
      path: "/operations/v1/projections/:name/skipped",
      params,
      operationId: "listSkippedEvents",
      summary: "The events that operators have had it leave out",
      description: nameNote,
      responses: { 200: { description: "The latest first", schema: z.object({ items: z.array(skippedSchema) }) } },
      refusals: { "projection-not-found": 404, "ambiguous-name": 409 },
      async handler({ params: { name } }) {
        const { context, name: projection } = await find(name);
        return ok({ items: (await operator.skipped(context, projection)).map(skippedView) });
      },
    }),
  ];
}
