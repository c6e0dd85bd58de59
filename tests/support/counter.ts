import { z } from "zod";
import {
  conflict,
  defineEvents,
  streamId,
  type Aggregate,
  type EventsOf,
  type Feed,
  type Projection,
} from "../../src/domains/kernel";
import { type NewEvent } from "../../src/infra/eventstore";
import { newId } from "../../src/infra/runtime/ids";

/* A context small enough to test the runtime with: a counter that may not pass its limit. */

export const counterEvents = defineEvents("counter", {
  Counted: { version: 1, schema: z.strictObject({ by: z.int() }) },
  CounterBroken: { version: 1, schema: z.strictObject({}) },
});
export type CounterEvent = EventsOf<typeof counterEvents>;
export type CounterCommand = { type: "Count"; by: number; limit?: number } | { type: "Break" };

export const counter: Aggregate<CounterCommand, CounterEvent, number> = {
  category: "counter",
  initialState: 0,
  decide(command, state) {
    switch (command.type) {
      case "Break":
        return [{ type: "CounterBroken", data: {} }];
      case "Count":
        if (command.by === 0) return [];
        if (command.limit !== undefined && state + command.by > command.limit)
          return conflict("limit-reached", `The counter stands at ${state}.`, { state });
        return [{ type: "Counted", data: { by: command.by } }];
    }
  },
  evolve: (state, event) => (event.type === "Counted" ? state + event.data.by : state),
};

/** A count by one as it is appended past the aggregate. */
export function newCount(): NewEvent {
  const commandId = newId();
  const metadata = { commandId, correlationId: commandId, causationId: commandId, actor: "test", schemaVersion: 1 };
  const occurredAt = new Date().toISOString();
  return { id: newId(), type: "Counted", data: { by: 1 }, metadata: { ...metadata, occurredAt } };
}

export interface CounterDocument {
  readonly _id: string;
  readonly count: number;
  readonly events: number;
}

/** Counts the count, and how many events made it: an event lost or folded twice shows. */
export const counters: Projection<CounterDocument, CounterEvent> = {
  name: "counters",
  context: "counting",
  version: 1,
  events: ["Counted"],
  ids: (event) => [streamId(event.stream)],
  apply(document, event, id) {
    if (event.type !== "Counted") return document;
    return { _id: id, count: (document?.count ?? 0) + event.data.by, events: (document?.events ?? 0) + 1 };
  },
};

/** Whether the poisoned projection can handle `CounterBroken`; tests mend it while it is stopped. */
export const poison = { active: true };

export const poisonable: Projection<CounterDocument, CounterEvent> = {
  ...counters,
  name: "poisonable",
  events: ["Counted", "CounterBroken"],
  apply(document, event, id, lookup) {
    if (event.type === "CounterBroken") {
      if (poison.active) throw new Error("cannot be folded");
      return document;
    }
    return counters.apply(document, event, id, lookup);
  },
};

export const countFeed: Feed<CounterEvent> = {
  name: "counts",
  context: "counting",
  version: 1,
  description: "Every step of every counter.",
  events: ["Counted"],
  dimensions: ["counter"],
  rows: (event) =>
    event.type === "Counted"
      ? [{ occurredAt: event.metadata.occurredAt, counter: streamId(event.stream), quantity: event.data.by }]
      : [],
};
