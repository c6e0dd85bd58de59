import { type Recorded } from "../../domains/kernel";
import { beginBatchSpan, isTracing, within } from "../observability/tracing";
import { type Handler } from "./handler";

export interface ReadModelWatch {
  /** Its full name, as traces have it. */
  readonly name: string;
  /** The work has been taken on at a position that another process may have written. */
  claimed(position: bigint): void;
  /** Whether events come as they happen. */
  isLive(): boolean;
}

/** A writer of a read model that tells of what it takes over, and whose live batches are seen in traces. */
export function readModelHandler(writer: Handler, watch: ReadModelWatch): Handler {
  return {
    types: writer.types,
    async claim(token, interrupt) {
      const position = await writer.claim(token, interrupt);
      watch.claimed(position);
      return position;
    },
    handle(events, upTo) {
      const work = () => writer.handle(events, upTo);
      // What is caught up with happened long ago, and its traces are over.
      return isTracing() && watch.isLive() ? within(spanOf(watch.name, events), work) : work();
    },
    checkpoint: (position) => writer.checkpoint(position),
    release: async () => writer.release?.(),
  };
}

/** One batch as traces have it: part of the trace that led to it, or linked to all of them where there are several. */
function spanOf(name: string, events: readonly Recorded[]) {
  const parents = events.map(({ metadata }) => metadata.traceparent);
  return beginBatchSpan(`project ${name}`, "consumer", parents, { "millrace.events": events.length });
}
