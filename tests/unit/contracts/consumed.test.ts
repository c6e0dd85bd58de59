import { type Recorded, streamId } from "../../../src/domains/kernel";
import { type Context, catalogueOf, worksOf } from "../../../src/engine/context";
import { contextsOf } from "../../../src/engine/contexts";
import { EventCodec } from "../../../src/infra/eventstore/codec";
import { resolved, sampleFiles } from "../../support/contracts";

/*
 * What contexts make of each other's events, held against the golden samples that the producing contexts publish: each
 * event type that is listened to has some, and those who listen can take them. `MILLRACE_TEST_CONTEXT` names one context.
 */

const contexts = contextsOf({ paymentTimeout: 60 });
const codec = new EventCodec(catalogueOf(contexts));
const files = sampleFiles();
const only = process.env["MILLRACE_TEST_CONTEXT"];

const heardBy = (context: Context): readonly string[] => [...new Set(worksOf(context).flatMap(({ events }) => events))];
const consumers = contexts
  .filter((context) => (only === undefined || context.name === only) && heardBy(context).length > 0)
  .map((context) => [context.name, context] as const);

const samplesOf = (types: readonly string[]): readonly Recorded[] =>
  files.flatMap(({ type, sample }) => {
    const event = types.includes(type) ? codec.decode(resolved(sample)) : undefined;
    return event ? [event] : [];
  });

test("whoever is tested alone is tested", () => {
  expect(only === undefined || contexts.some(({ name }) => name === only) || only === "operations").toBe(true);
});

for (const [name, context] of consumers)
  describe(name, () => {
    test("each event that it listens to is published with samples", () => {
      const published = new Set(files.map(({ type }) => type));
      expect(heardBy(context).filter((type) => !published.has(type))).toEqual([]);
    });

    test("its projections take every sample: what they name is what they make, and the sample stays as it is", () => {
      for (const projection of context.projections)
        for (const event of samplesOf(projection.events)) {
          const before = JSON.stringify(event.data);
          for (const id of projection.ids(event, () => undefined)) {
            const document = projection.apply(undefined, event, id, () => undefined);
            if (document !== undefined) expect(document._id).toBe(id);
          }
          expect(JSON.stringify(event.data)).toBe(before);
        }
    });

    test("its feeds make rows of every sample, each with the time of the event", () => {
      for (const feed of context.feeds)
        for (const event of samplesOf(feed.events))
          for (const row of feed.rows(event)) expect(typeof row["occurredAt"]).toBe("string");
    });

    test("its processes know whose each sample is", () => {
      for (const process of context.processes)
        for (const event of samplesOf(process.events)) {
          const id = process.processId(event);
          if (id !== undefined) expect([streamId(event.stream), ...Object.values(event.data as object)]).toContain(id);
        }
    });
  });
