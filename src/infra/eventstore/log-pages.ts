import { BACKWARDS, END, FORWARDS, START, type ResolvedEvent } from "@eventstore/db-client";
import { type Recorded } from "../../domains/kernel";
import { EventLogUnavailable, messageOf, type EventLog } from "./event-log";

/** An event as it lies in the log. */
export interface LogEntry {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: bigint;
  readonly type: string;
  /** When the log took it, ISO 8601 UTC. */
  readonly recordedAt: string;
  /** What the shop makes of it; `undefined` when that is nothing. */
  readonly event: Recorded | undefined;
  /** Data and metadata as they are stored, whatever the shop makes of them. */
  readonly stored: { readonly data: unknown; readonly metadata: unknown };
  /** Why it cannot be read as an event of the shop, where its type says that it is one. */
  readonly fault: string | undefined;
}

export interface LogPages {
  readonly direction?: "forwards" | "backwards";
  /** Begins after (backwards: before) this position; at the log's beginning (end) when absent. */
  readonly from?: bigint;
  readonly signal?: AbortSignal;
}

/** Events fetched with one read. */
const PAGE = 500;
/** A page that could not be read is asked for again so often. */
const TRIES = 4;
const PAUSE = 250;

/**
 * The whole log page by page, the event store's own events left out. For who looks at everything once: unlike a
 * subscription it can go backwards, and shows what the shop cannot read as well.
 * @throws EventLogUnavailable
 */
export async function* logPages(log: EventLog, options: LogPages = {}): AsyncGenerator<readonly LogEntry[]> {
  const { direction = "forwards", signal } = options;
  const backwards = direction === "backwards";
  let connection = log.connect();
  try {
    let from = options.from;
    for (;;) {
      signal?.throwIfAborted();
      const start = from;
      const page = await repeatedly(async () => {
        const found: ResolvedEvent[] = [];
        const fromPosition =
          start === undefined || start < 0n ? (backwards ? END : START) : { commit: start, prepare: start };
        if (connection.isGivenUp) {
          await connection.dispose();
          connection = log.connect();
        }
        const direction = backwards ? BACKWARDS : FORWARDS;
        const events = connection.client.readAll({ direction, fromPosition, maxCount: PAGE });
        // Read to the end: the client never lets go of a read that is broken off.
        for await (const resolved of connection.answers(events)) found.push(resolved);
        return found;
      });
      const entries: LogEntry[] = [];
      let last = from;
      for (const resolved of page) {
        const position = resolved.event?.position?.commit ?? resolved.commitPosition;
        // A read begins with the event at the position itself.
        if (position === undefined || (from !== undefined && (backwards ? position >= from : position <= from)))
          continue;
        last = position;
        const entry = entryOf(log, resolved, position);
        if (entry) entries.push(entry);
      }
      if (entries.length > 0) yield entries;
      if (page.length < PAGE || last === undefined || last === from) return;
      from = last;
    }
  } finally {
    await connection.dispose();
  }
}

/** The event at a position; `undefined` where none begins. @throws EventLogUnavailable */
export async function entryAt(log: EventLog, position: bigint): Promise<LogEntry | undefined> {
  const connection = log.connect();
  try {
    const fromPosition = { commit: position, prepare: position };
    let found: LogEntry | undefined;
    const events = connection.client.readAll({ direction: FORWARDS, fromPosition, maxCount: 1 });
    for await (const resolved of connection.answers(events))
      if (resolved.event?.position?.commit === position) found = entryOf(log, resolved, position);
    return found;
  } catch (error) {
    throw new EventLogUnavailable(`read of the log at ${position}: ${messageOf(error)}`, error);
  } finally {
    await connection.dispose();
  }
}

function entryOf({ codec }: EventLog, resolved: ResolvedEvent, position: bigint): LogEntry | undefined {
  const { event } = resolved;
  if (!event || event.streamId.startsWith("$")) return undefined;
  const { id, streamId: stream, type } = event;
  const known = {
    id,
    stream,
    revision: Number(event.revision),
    position,
    type,
    recordedAt: event.created.toISOString(),
    stored: { data: event.data, metadata: event.metadata },
  };
  try {
    return { ...known, event: codec.decode(resolved), fault: undefined };
  } catch (error) {
    return { ...known, event: undefined, fault: messageOf(error) };
  }
}

async function repeatedly<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (attempt >= TRIES) throw new EventLogUnavailable(`read of the log: ${messageOf(error)}`, error);
      await new Promise((resolve) => setTimeout(resolve, PAUSE * attempt));
    }
  }
}
