import {
  BACKWARDS,
  END,
  FORWARDS,
  NO_STREAM,
  type ReadStreamOptions,
  type ResolvedEvent,
  START,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from "@eventstore/db-client";
import {
  type EventCatalogue,
  type EventMetadata,
  NewerVersion,
  type Recorded,
  streamCategory,
} from "../../domains/kernel";
import { isKeysAway, type People } from "../privacy";
import { EventCodec, type NewEvent } from "./codec";
import { Connection } from "./connection";
import { SharedClient } from "./shared-client";

/** The revision a stream must have for an append to happen; −1: the stream must not exist. */
export type ExpectedRevision = number;

export type AppendResult =
  | { readonly ok: true; readonly revision: number; readonly position: bigint }
  /** Another writer was first; nothing was written. */
  | { readonly ok: false };

/** Is told how each append ended and how long it took, in seconds. */
export type AppendTimes = (outcome: "written" | "conflict" | "failed", seconds: number) => void;

/** The server is not to do an append after this time, in ms; who asked may be gone by then. */
const APPEND_DEADLINE = 10_000;

/** The log could not be reached, or did not answer in time. Repeating the same call is safe. */
export class EventLogUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "EventLogUnavailable";
  }
}

/** Streams belong to the context whose aggregate they are: another one must not append to them. */
export class ForeignStream extends Error {
  constructor(stream: string, writable: Iterable<string>) {
    const own = [...writable].map((category) => `${category}-…`).join(", ") || "no stream";
    super(`nothing is appended to ${stream} here: this process appends to ${own}`);
    this.name = "ForeignStream";
  }
}

/** Appends to and reads from EventStoreDB with the official client. */
export class EventLog {
  readonly codec: EventCodec;
  private readonly shared: SharedClient;
  private readonly writable: ReadonlySet<string> | undefined;

  /**
   * @param writable categories of streams that may be appended to; all when absent
   * @param times is told of each append
   */
  constructor(
    readonly url: string,
    catalogue: EventCatalogue,
    people?: People,
    writable?: readonly string[],
    private readonly times?: AppendTimes,
  ) {
    this.writable = writable && new Set(writable);
    this.codec = new EventCodec(catalogue, people);
    this.shared = new SharedClient(url);
  }

  /**
   * A client of its own. The client drops its whole channel when one of its calls is cancelled, so each subscription
   * gets one: ending it must not cut the appends of others.
   */
  connect(): Connection {
    return new Connection(this.url);
  }

  /**
   * Appends all events or none, as they are: what is personal in them must be sealed. Ids make it repeatable: the server answers the same events at the same place with
   * success again.
   * @throws EventLogUnavailable, ForeignStream
   */
  async append(stream: string, events: readonly NewEvent[], expected: ExpectedRevision): Promise<AppendResult> {
    if (this.writable && !this.writable.has(streamCategory(stream))) throw new ForeignStream(stream, this.writable);
    const began = performance.now();
    let outcome: Parameters<AppendTimes>[0] = "failed";
    try {
      const result = await this.shared.append((client) =>
        client.appendToStream(
          stream,
          events.map((event) => this.codec.encode(event)),
          { expectedRevision: expected < 0 ? NO_STREAM : BigInt(expected), deadline: APPEND_DEADLINE },
        ),
      );
      outcome = "written";
      return { ok: true, revision: Number(result.nextExpectedRevision), position: result.position?.commit ?? 0n };
    } catch (error) {
      if (error instanceof WrongExpectedVersionError) {
        outcome = "conflict";
        return { ok: false };
      }
      throw new EventLogUnavailable(`append to ${stream}: ${messageOf(error)}`, error);
    } finally {
      this.times?.(outcome, (performance.now() - began) / 1000);
    }
  }

  /**
   * A stream's events from a revision on, at most `maxCount`, oldest first, with their personal data opened; none when
   * the stream does not exist.
   * Read to the end what you begin: the client never lets go of a read that is broken off.
   * @throws EventLogUnavailable, SealBroken
   */
  async *readStream(stream: string, from?: number, maxCount?: number): AsyncGenerator<Recorded> {
    for await (const event of this.readSealed(stream, from, maxCount))
      yield event.metadata.person === undefined ? event : await this.opened(event);
  }

  private async opened(event: Recorded): Promise<Recorded> {
    try {
      return await this.codec.open(event);
    } catch (error) {
      throw keysAway(event.stream, error);
    }
  }

  /**
   * The same with personal data as it is stored: sealed.
   * @throws EventLogUnavailable; where newer code has written what is not known here, with NewerVersion as its cause
   */
  readSealed(stream: string, from = 0, maxCount = Number.MAX_SAFE_INTEGER): AsyncGenerator<Recorded> {
    return this.read(stream, { direction: FORWARDS, fromRevision: from === 0 ? START : BigInt(from), maxCount });
  }

  /** The newest events of a stream, at most so many, oldest first. @throws EventLogUnavailable, SealBroken */
  async newest(stream: string, count: number): Promise<readonly Recorded[]> {
    const found: Recorded[] = [];
    for await (const event of this.read(stream, { direction: BACKWARDS, fromRevision: END, maxCount: count }))
      found.push(event);
    found.reverse();
    return Promise.all(found.map((event) => (event.metadata.person === undefined ? event : this.opened(event))));
  }

  /** Goes on to the end where something cannot be read, and fails then. */
  private async *read(stream: string, options: ReadStreamOptions): AsyncGenerator<Recorded> {
    try {
      let unreadable: unknown;
      for await (const resolved of this.shared.read((client) => client.readStream(stream, options))) {
        if (unreadable !== undefined) continue;
        const event = this.decoded(resolved);
        if (event instanceof Error) unreadable = event;
        else if (event) yield event;
      }
      if (unreadable !== undefined) throw unreadable;
    } catch (error) {
      if (error instanceof StreamNotFoundError) return;
      throw new EventLogUnavailable(`read of ${stream}: ${messageOf(error)}`, error);
    }
  }

  private decoded(resolved: ResolvedEvent): Recorded | Error | undefined {
    try {
      return this.codec.decode(resolved) ?? unknownIn(resolved);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** The position of the newest event in the log; −1 when it is empty. */
  async endPosition(): Promise<bigint> {
    try {
      let position = -1n;
      const newest = { direction: BACKWARDS, fromPosition: END, maxCount: 1 } as const;
      for await (const { event } of this.shared.read((client) => client.readAll(newest)))
        position = event?.position?.commit ?? position;
      return position;
    } catch (error) {
      throw new EventLogUnavailable(`read of the log's end: ${messageOf(error)}`, error);
    }
  }

  async close(): Promise<void> {
    await this.shared.close();
  }
}

/** Events cannot be read or written without the keys of their people: for the moment that is as if the log were away. */
export const keysAway = (stream: string, error: unknown): unknown =>
  isKeysAway(error) ? new EventLogUnavailable(`keys of people in ${stream}: ${messageOf(error)}`, error) : error;

/** A fact of a type that only newer code knows: who acts upon the stream without it would decide on half of the truth. */
function unknownIn({ event }: ResolvedEvent): NewerVersion | undefined {
  if (!event?.isJson || event.type.startsWith("$")) return undefined;
  const { commandId, schemaVersion } = (event.metadata ?? {}) as Partial<EventMetadata>;
  const isOurs = commandId !== undefined && schemaVersion !== undefined;
  return isOurs ? new NewerVersion(schemaVersion, undefined) : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
