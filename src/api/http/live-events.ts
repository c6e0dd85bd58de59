import { once } from "node:events";
import { pause } from "../../infra/runtime/retry";
import { type EventsReply, type ServerEvent } from "./reply";
import { type RequestContext } from "./request-context";
import { whileAllowed } from "./still-allowed";

/** Between two events of one connection pass at least so many ms; what changes meanwhile is told as one. */
const PACE = 100;
/** A comment is sent after so much silence, in ms, so that everybody on the way sees that the connection lives. */
const HEARTBEAT = 15_000;
/** When a caller should come back who has lost the connection, in ms. */
const COME_BACK = 1_000;

/**
 * Sends server-sent events until the caller goes away, may not have them any more, or the process is to stop. The source is asked for the next event
 * only when the caller has taken the one before: a caller who reads slowly gets fewer events, and nothing piles up.
 * Returns once the head is sent, so that the time of the request is that of its head.
 */
export function sendEvents(
  context: RequestContext,
  status: number,
  head: string[],
  source: EventsReply["events"],
): void {
  const { request, response } = context;
  // Proxies that gather answers before they pass them on must not do so here.
  head.push("X-Accel-Buffering", "no");
  response.writeHead(status, head);
  if (request.method === "HEAD" || context.gone || context.ending?.aborted) {
    response.end();
    return;
  }
  response.write(`retry: ${COME_BACK}\n\n`);
  void pump(context, source);
}

/** Never rejects. */
async function pump(context: RequestContext, source: EventsReply["events"]): Promise<void> {
  const { response, ending } = context;
  const ended = new AbortController();
  const { signal } = ended;
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(":\n\n");
  }, HEARTBEAT);
  // Nothing may be written after this: the source may still be busy with an event.
  const end = () => {
    clearInterval(heartbeat);
    unwatch();
    response.off("close", end);
    ending?.removeEventListener("abort", end);
    ended.abort();
    response.end();
  };
  const unwatch = whileAllowed(context, end);
  response.once("close", end);
  ending?.addEventListener("abort", end);
  try {
    for await (const event of source(signal)) {
      if (signal.aborted) break;
      if (!response.write(encoded(event))) await once(response, "drain", { signal });
      heartbeat.refresh();
      await pause(PACE, signal);
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!signal.aborted) context.log.error({ err: error }, "live view broke off");
  } finally {
    end();
  }
}

const END = Buffer.from("\n\n");

const encoded = ({ event, id, data }: ServerEvent): Buffer =>
  Buffer.concat([Buffer.from(`event: ${event}\nid: ${id}\ndata: `), data, END]);
