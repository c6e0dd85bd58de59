import { z } from "zod";
import { defineEvents, type EventsOf, type ProcessManager, streamId } from "../../src/domains/kernel";
import { type Context } from "../../src/engine/context";
import { counter, counterEvents, counters, countFeed, type CounterEvent } from "./counter";

/*
 * The counters with all that can follow the log: a read model, a feed, and a process that counts every step of a
 * counter at another one as well, some of them a moment later. What is lost or done twice anywhere shows.
 */

const mirrorEvents = defineEvents("mirror", {
  /** A step of the counter; the mirror takes it when it is due. */
  StepSeen: { version: 1, schema: z.strictObject({ id: z.string(), by: z.int(), due: z.string().nullable() }) },
  StepDue: { version: 1, schema: z.strictObject({}) },
  StepMirrored: { version: 1, schema: z.strictObject({}) },
});
type MirrorEvent = EventsOf<typeof mirrorEvents>;

interface Mirror {
  readonly id: string;
  readonly seen: readonly { readonly by: number; readonly due: string | null }[];
  readonly mirrored: number;
  /** The next step need not wait any longer. */
  readonly isDue: boolean;
}

const PREFIX = "mirrored-";

/** The counter that mirrors another. */
export const mirrorOf = (id: string): string => `${PREFIX}${id}`;
export const isMirror = (id: string): boolean => id.startsWith(PREFIX);

/** Every so many steps one waits for its time. */
const WAITING = 20;

/** @param delay of the steps that wait, in ms */
export const mirrorProcess = (delay: number): ProcessManager<Mirror, MirrorEvent, CounterEvent> => ({
  name: "mirror",
  category: "mirror",
  context: "counting",
  events: ["Counted"],
  starts: [],
  initialState: { id: "", seen: [], mirrored: 0, isDue: false },
  processId({ stream }) {
    const id = streamId(stream);
    return isMirror(id) ? undefined : id;
  },
  react(event, { seen }) {
    if (event.type !== "Counted" || event.revision < seen.length) return [];
    if (event.revision > seen.length) throw new Error(`step ${event.revision} came after ${seen.length} steps`);
    const waits = event.revision % WAITING === WAITING - 1;
    const due = waits ? new Date(Date.parse(event.recordedAt) + delay).toISOString() : null;
    return [{ type: "StepSeen", data: { id: streamId(event.stream), by: event.data.by, due } }];
  },
  evolve(state, event) {
    switch (event.type) {
      case "StepSeen":
        return { ...state, id: event.data.id, seen: [...state.seen, event.data] };
      case "StepDue":
        return { ...state, isDue: true };
      case "StepMirrored":
        return { ...state, mirrored: state.mirrored + 1, isDue: false };
    }
  },
  wants({ id, seen, mirrored, isDue }) {
    const step = seen[mirrored];
    if (!step || (step.due !== null && !isDue)) return [];
    const command = { type: "Count", by: step.by };
    return [{ key: `step-${mirrored}`, category: "counter", id: mirrorOf(id), command }];
  },
  answered: () => [{ type: "StepMirrored", data: {} }],
  deadline({ seen, mirrored, isDue }) {
    const due = isDue ? null : (seen[mirrored]?.due ?? null);
    return due === null ? undefined : { name: `step-${mirrored}`, at: due };
  },
  expired(_, at, { seen, mirrored, isDue }) {
    const due = seen[mirrored]?.due ?? null;
    return due !== null && !isDue && at >= due ? [{ type: "StepDue", data: {} }] : [];
  },
});

/** @param delay of the steps that wait, in ms */
export const mirroring = (delay: number): Context => ({
  name: "counting",
  events: { ...counterEvents, ...mirrorEvents },
  aggregates: [counter],
  projections: [counters],
  feeds: [countFeed],
  processes: [mirrorProcess(delay)],
  reactions: () => [],
});
