import { z } from "zod";
import { defineEvents, type EventsOf, type ProcessManager, streamId } from "../../src/domains/kernel";
import { type CounterEvent } from "./counter";

/* A process that echoes: each count of a counter, and each moment that it was to be woken at, is a command of its own. */

export const tallyEvents = defineEvents("tally", {
  /** `known`: the answers to its commands so far, as the process saw it then. */
  TallyHeard: { version: 1, schema: z.strictObject({ by: z.int(), since: z.string(), known: z.string() }) },
  TallyWoken: { version: 1, schema: z.strictObject({ name: z.string() }) },
  TallyAnswered: { version: 1, schema: z.strictObject({ answer: z.string() }) },
});
export type TallyEvent = EventsOf<typeof tallyEvents>;

export interface Tally {
  readonly heard: number;
  readonly woken: number;
  /** How often it is to be woken in all. */
  readonly rounds: number;
  readonly since: string;
  readonly answers: readonly string[];
}

const COUNTED = "tallied-";
/** The counter that a process counts at. */
export const counterOf = (processId: string): string => `${COUNTED}${processId}`;

/**
 * A count by n has the process woken n times, every `gap` ms from the count on. It does not look whether it was woken
 * for the moment before: who wakes it twice counts twice.
 */
export const tally = (gap: number): ProcessManager<Tally, TallyEvent, CounterEvent> => ({
  name: "tally",
  category: "tally",
  context: "counting",
  events: ["Counted"],
  starts: ["Counted"],
  initialState: { heard: 0, woken: 0, rounds: 0, since: "", answers: [] },
  processId: ({ stream }) => (streamId(stream).startsWith(COUNTED) ? undefined : streamId(stream)),
  react(event, { heard, answers }) {
    if (event.type !== "Counted" || event.revision < heard) return [];
    const { by } = event.data;
    return [{ type: "TallyHeard", data: { by, since: event.metadata.occurredAt, known: answers.join(" ") } }];
  },
  evolve(state, event) {
    switch (event.type) {
      case "TallyHeard": {
        const { by, since } = event.data;
        return { ...state, heard: state.heard + 1, rounds: state.rounds + by, since };
      }
      case "TallyWoken":
        return { ...state, woken: state.woken + 1 };
      case "TallyAnswered":
        return { ...state, answers: [...state.answers, event.data.answer] };
    }
  },
  wants: ({ heard, woken, answers }) =>
    answers.length < heard + woken
      ? [{ key: `count-${answers.length}`, category: "counter", id: "", command: { type: "Count", by: 1 } }]
      : [],
  answered: (_, answer) => [{ type: "TallyAnswered", data: { answer: answer.accepted ? "yes" : answer.error.code } }],
  deadline: ({ woken, rounds, since }) =>
    woken < rounds
      ? { name: `round-${woken}`, at: new Date(Date.parse(since) + (woken + 1) * gap).toISOString() }
      : undefined,
  expired: ({ name }) => [{ type: "TallyWoken", data: { name } }],
});
