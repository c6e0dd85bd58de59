import { randomUUID } from "node:crypto";
import { EXPECT } from "../core/decide";
import { type NewRecord } from "../storage/record";
import { type HttpAnswer, type HttpRequest } from "../transport/http";
import { GrpcError } from "../transport/status";
import { EMPTY } from "../wire/proto-writer";
import { parseUuid } from "../wire/uuid";
import { type Context } from "./context";
import { write } from "./delete";
import { sizeOf } from "./proposed";

const SEVERAL = "application/vnd.eventstore.events+json";

/**
 * `POST /streams/<name>`, the real node's way to append without a client: one event as the body with its type and id in
 * headers, or a JSON list of events.
 */
export async function postEvents(context: Context, name: string, request: HttpRequest): Promise<HttpAnswer> {
  const stream = decodeURIComponent(name);
  let events: readonly NewRecord[];
  try {
    const caller = await context.authenticate(request.headers.authorization);
    context.access.stream(caller, stream, "$w");
    events = readEvents(request);
  } catch (error) {
    if (error instanceof GrpcError) return { status: 401, headers: { "www-authenticate": 'BASIC realm="ES"' } };
    return { status: 400, body: `${(error as Error).message}\n` };
  }
  if (events.reduce((sum, event) => sum + sizeOf(event), 0) > context.maxAppendSize) return { status: 413 };
  const expected = Number(header(request, "es-expectedversion") ?? EXPECT.ANY);
  const outcome = await write(context, { action: "append", stream, expected, events });
  switch (outcome.kind) {
    case "done":
      return { status: 201, headers: { location: `/streams/${name}/${outcome.revision - events.length + 1}` } };
    case "wrong-version":
      return {
        status: 400,
        headers: { "es-currentversion": String(outcome.actual) },
        body: "Wrong expected EventNumber\n",
      };
    case "deleted":
      return { status: 410 };
    case "failed":
      return { status: 500, body: `${outcome.message}\n` };
  }
}

function readEvents(request: HttpRequest): NewRecord[] {
  const [contentType = ""] = (header(request, "content-type") ?? "").split(";");
  if (contentType.trim() !== SEVERAL) {
    const type = header(request, "es-eventtype");
    if (type === undefined) throw new Error("The header ES-EventType is missing.");
    const id = parseUuid(header(request, "es-eventid") ?? randomUUID());
    const isJson = contentType.trim().endsWith("json");
    return [{ id, type: Buffer.from(type), isJson, data: request.body, metadata: EMPTY }];
  }
  const list: unknown = JSON.parse(request.body.toString("utf8"));
  if (!Array.isArray(list)) throw new Error("The body must be a list of events.");
  return list.map((item: Partial<Record<"eventId" | "eventType" | "data" | "metadata", unknown>>) => {
    if (typeof item.eventId !== "string" || typeof item.eventType !== "string") {
      throw new Error("Each event must have an eventId and an eventType.");
    }
    const json = (value: unknown): Buffer => (value === undefined ? EMPTY : Buffer.from(JSON.stringify(value)));
    return {
      id: parseUuid(item.eventId),
      type: Buffer.from(item.eventType),
      isJson: true,
      data: json(item.data),
      metadata: json(item.metadata),
    };
  });
}

function header({ headers }: HttpRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
