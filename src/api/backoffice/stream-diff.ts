import { z } from "zod";
import { differences, isBefore, type Recorded, timestamp } from "../../domains/kernel";
import { missing, ok, type Route, route, wholeNumber } from "../http";
import { type Services } from "../services";
import { type Foldable, foldables } from "./aggregates";
import { reading } from "./conventions";
import { eventSchema, eventView, withoutSecrets } from "./event-view";

const moment = z.union([wholeNumber(-1, Number.MAX_SAFE_INTEGER), timestamp]);

const query = z.strictObject({
  from: moment.default(-1).describe("A revision, or a time in the business; -1, the standard, is before the first event."), // prettier-ignore
  to: moment.optional().describe("The same; as it is now when absent."),
});
type Moment = z.output<typeof moment>;

/** Events between the two that are shown; what they did is in the differences, however many they are. */
const EVENTS_SHOWN = 200;

export const differenceSchema = z
  .object({
    path: z.string().describe("A JSON Pointer (RFC 6901) into the state; empty for all of it."),
    was: z.unknown().optional().describe("Missing: it was not there."),
    now: z.unknown().optional().describe("Missing: it is not there any more."),
  })
  .meta({ id: "Difference" });

const diffSchema = z
  .object({
    category: z.string(),
    id: z.string(),
    from: z.int().describe("Revision of the last event in the first state; -1: there was nothing yet."),
    to: z.int().describe("The same of the second state."),
    differences: z.array(differenceSchema).describe("From the first state to the second; items of lists by place."),
    events: z.array(eventSchema).describe(`What led from the one to the other; the first ${EVENTS_SHOWN}.`),
  })
  .meta({ id: "StreamDiff" });

/** What has changed in an aggregate between two moments. */
export function streamDiffRoutes(services: Services): readonly Route[] {
  return [
    route({
      ...reading("readHistory"),
      method: "GET",
      path: "/admin/v1/streams/:category/:id/diff",
      operationId: "compareStreamStates",
      summary: "The difference between two states of an aggregate, and the events that made it",
      description: "`from` may be later than `to`. Categories and ids as in `readStream`.",
      query,
      responses: { 200: { description: "What differs", schema: diffSchema } },
      async handler({ params: { category, id }, query: { from, to } }) {
        const aggregate = foldables.get(category);
        if (!aggregate) return missing("category of streams");
        const events: Recorded[] = [];
        const [first, second] = [new State(aggregate, from), new State(aggregate, to)];
        for await (const event of services.log.readStream(`${category}-${id}`, 0, most(from, to))) {
          const [before, after] = [first.see(event), second.see(event)];
          if (before !== after && events.length < EVENTS_SHOWN) events.push(event);
        }
        if (!first.exists) return missing(category);
        return ok({
          category,
          id,
          from: first.revision,
          to: second.revision,
          differences: [...differences(first.readable(), second.readable())],
          events: events.map(eventView),
        });
      },
    }),
  ];
}

/** How much of the stream has to be read. */
function most(from: Moment, to: Moment | undefined): number | undefined {
  // At least one event, to know that the stream is there.
  return typeof from === "number" && typeof to === "number" ? Math.max(from, to, 0) + 1 : undefined;
}

/** A state at one moment, as events come by. */
class State {
  revision = -1;
  exists = false;
  private state: unknown;

  constructor(
    private readonly aggregate: Foldable,
    private readonly moment: Moment | undefined,
  ) {
    this.state = aggregate.initialState;
  }

  /** @returns whether the event had happened by then */
  see(event: Recorded): boolean {
    const { moment } = this;
    this.exists = true;
    if (typeof moment === "number" && event.revision > moment) return false;
    if (typeof moment === "string" && isBefore(moment, event.metadata.occurredAt)) return false;
    this.state = this.aggregate.evolve(this.state, event);
    this.revision = event.revision;
    return true;
  }

  /** As plain JSON; `null` when there was nothing yet. */
  readable(): unknown {
    return this.revision < 0 ? null : withoutSecrets(this.aggregate.readable(this.state));
  }
}
