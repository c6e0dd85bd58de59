import { z } from "zod";
import { type Document, type Projection } from "../../domains/kernel";
import { type Explainer, type Explanation, LogBusy } from "../../infra/audit";
import { flag, missing, ok, type Route, route, wholeNumber } from "../http";
import { type Services } from "../services";
import { busy, position, READING_DEADLINE, seconds } from "./causation";
import { reading } from "./conventions";
import { eventSchema, eventView, json, withoutSecrets } from "./event-view";

const query = z.strictObject({
  after: position.optional().describe("`nextAfter` of the page before."),
  limit: wholeNumber(1, 1_000).default(100),
  scan: flag().default(false).describe("Read the whole log, even where the document names its streams."),
  seconds,
});

const explanationSchema = z
  .object({
    context: z.string(),
    readModel: z.string(),
    id: z.string(),
    document: json.nullable().describe("As it is stored; `null`: it is not there, or not any more."),
    position: z.string().describe("Log position that the document reflects."),
    events: z.array(z.object({ stream: z.string(), ...eventSchema.shape })).describe("In the order of the log."),
    total: z.int().describe("Events that made it, on all pages together, as far as was read."),
    nextAfter: z.string().nullable().describe("Ask with `after` for what comes after this page."),
    method: z.enum(["streams", "log"]).describe("`streams`: those that the document names. `log`: all was looked at."),
    reproduced: z
      .boolean()
      .nullable()
      .describe("Whether these events alone give just this document; `null`: time was over before that was known."),
    readTo: z.string().describe("Log position up to which was read."),
  })
  .meta({ id: "Explanation" });

/** From any document of a context's read models back to the events that made it. */
export function explainRoutes(
  services: Services,
  explainer: Explainer,
  context: string,
  projections: readonly Projection<Document>[],
): readonly Route[] {
  if (projections.length === 0) return [];
  const byName = new Map(projections.map((projection) => [projection.name, projection]));
  return [
    route({
      ...reading("readHistory"),
      method: "GET",
      path: `/admin/v1/explain/${context}/:readModel/:documentId`,
      params: z.object({ readModel: z.string(), documentId: z.string() }),
      operationId: `explain${context.charAt(0).toUpperCase()}${context.slice(1)}Document`,
      summary: `The events that made a document of a read model of ${context}, with who, when and why`,
      description:
        "Read models: " +
        [...byName.keys()].map((name) => `\`${name}\``).join(", ") +
        ". The events are found by the read model's own functions, and folded again to prove that they give the " +
        "document. Where a document names its streams only these are read; else the whole log is, one such answer at a " +
        "time. Tokens of payments are not shown.",
      query,
      deadline: READING_DEADLINE,
      responses: { 200: { description: "The document and a page of its events", schema: explanationSchema } },
      refusals: { "not-found": 404, "log-busy": 503 },
      async handler({ params: { readModel, documentId: id }, query, consistencyToken, signal }) {
        const projection = byName.get(readModel);
        if (!projection) return missing("read model");
        await services.level(services.models.get(context, readModel), consistencyToken);
        const found = await explain(explainer, projection, id, query, signal);
        if (!found.document && found.total === 0 && found.reproduced !== null) return missing("document");
        return ok({
          context,
          readModel,
          id,
          document: found.document ? (withoutSecrets(await services.opened(found.document)) as object) : null,
          position: found.position.toString(),
          events: (await services.log.codec.openAll(found.events)).map((event) => ({
            stream: event.stream,
            ...eventView(event),
          })),
          total: found.total,
          nextAfter: found.next === null ? null : found.next.toString(),
          method: found.method,
          reproduced: found.reproduced,
          readTo: found.readTo.toString(),
        });
      },
    }),
  ];
}

/** @throws Problem 503 while another such question is answered */
async function explain(
  explainer: Explainer,
  projection: Projection<Document>,
  id: string,
  { after, limit, scan, seconds }: z.output<typeof query>,
  signal: AbortSignal,
): Promise<Explanation> {
  try {
    return await explainer.explain(projection, {
      id,
      after: after ?? -1n,
      limit,
      scan,
      budget: seconds * 1_000,
      signal,
    });
  } catch (error) {
    throw error instanceof LogBusy ? busy(error) : error;
  }
}
