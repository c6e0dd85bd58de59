import {
  eventTypeFilter,
  START,
  streamNameFilter,
  type AllStreamSubscription,
  type ResolvedEvent,
} from "@eventstore/db-client";
import { Observable } from "rxjs";
import { NewerVersion, type Recorded } from "../../domains/kernel";
import { type EventLog } from "./event-log";

/** What is known of an event that newer code has written. */
export interface NewerEvent {
  readonly type: string;
  readonly stream: string;
  readonly position: bigint;
  readonly error: NewerVersion;
}

/** What a subscription tells: that it has begun, an event, that all up to a position was seen, or that it follows live. */
export type LogSignal =
  | { readonly kind: "begun" }
  | { readonly kind: "event"; readonly event: Recorded; readonly position: bigint }
  /** An event that newer code has written, and that cannot be read here. */
  | { readonly kind: "newer"; readonly event: NewerEvent; readonly position: bigint }
  | { readonly kind: "reached"; readonly position: bigint }
  | { readonly kind: "live" };

export interface LogFilter {
  /** Stream name prefixes, such as `cart-`. */
  readonly streams?: readonly string[];
  readonly types?: readonly string[];
}

/** Lets the reader stop the flow while it is busy. */
export interface Flow {
  pause(): void;
  resume(): void;
}

/** The server looks at this many events before it reports how far it got without a match. */
const CHECKPOINT_WINDOW = 1_000;

/**
 * The log after a position (exclusive; −1: from the start), as long as it is subscribed to. Ends with an error when the
 * connection is lost; whoever subscribes decides how to go on from the last position seen.
 */
export function subscribeToLog(
  log: EventLog,
  after: bigint,
  filter: LogFilter,
  onFlow?: (flow: Flow) => void,
): Observable<LogSignal> {
  return new Observable((observer) => {
    const connection = log.connect();
    // The client tells how far it got when it takes that in, ahead of the events that wait in its buffer while the flow
    // is paused. Whoever believed it would pass them over.
    const waiting: { readonly signal: LogSignal; readonly after: number }[] = [];
    let given = 0;
    const inOrder = (signal: LogSignal): void => {
      if (subscription.readableLength === 0 && waiting.length === 0) observer.next(signal);
      else waiting.push({ signal, after: given + subscription.readableLength });
    };
    const giveWaiting = (): void => {
      while ((waiting[0]?.after ?? Infinity) <= given) observer.next((waiting.shift() as { signal: LogSignal }).signal);
    };
    const checkpointReached = (_: AllStreamSubscription, position: { commit: bigint }) => {
      inOrder({ kind: "reached", position: position.commit });
    };
    const window = { checkpointInterval: 1, maxSearchWindow: CHECKPOINT_WINDOW, checkpointReached };
    const subscription = connection.client.subscribeToAll({
      fromPosition: after < 0n ? START : { commit: after, prepare: after },
      filter: filter.types
        ? eventTypeFilter({ ...window, prefixes: [...filter.types] })
        : streamNameFilter({ ...window, prefixes: [...(filter.streams ?? [])] }),
    });
    let ended = false;
    let answered: () => void = () => undefined;
    const end = (error: unknown) => {
      if (!ended) {
        ended = true;
        answered();
        observer.error(error);
      }
    };
    connection.answer(new Promise<void>((resolve) => (answered = resolve))).catch(end);
    subscription.on("data", (resolved: ResolvedEvent) => {
      try {
        const signal = signalOf(log, resolved);
        given++;
        if (signal) observer.next(signal);
        giveWaiting();
      } catch (error) {
        end(error);
      }
    });
    subscription.on("confirmation", () => {
      observer.next({ kind: "begun" });
      answered();
    });
    subscription.on("caughtUp" as never, (() => inOrder({ kind: "live" })) as never);
    subscription.on("error", end);
    subscription.on("close", () => end(new Error("the subscription was closed by the server")));
    subscription.on("end", () => end(new Error("the subscription was ended by the server")));
    onFlow?.({ pause: () => subscription.pause(), resume: () => subscription.resume() });
    return () => {
      ended = true;
      answered();
      subscription.removeAllListeners("data");
      subscription.on("error", () => undefined);
      subscription
        .unsubscribe()
        .catch(() => undefined)
        .then(() => connection.dispose())
        .catch(() => undefined);
    };
  });
}

/** @throws Error when it cannot be read */
function signalOf(log: EventLog, resolved: ResolvedEvent): LogSignal | undefined {
  const position = resolved.event?.position?.commit ?? resolved.commitPosition;
  if (position === undefined) return undefined;
  try {
    const event = log.codec.decode(resolved);
    return event ? { kind: "event", event, position } : { kind: "reached", position };
  } catch (error) {
    if (!(error instanceof NewerVersion) || !resolved.event) throw error;
    const { type, streamId: stream } = resolved.event;
    return { kind: "newer", event: { type, stream, position, error }, position };
  }
}
