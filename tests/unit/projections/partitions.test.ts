import fc from "fast-check";
import { type Document, type Lookup, type Projection, type Recorded } from "../../../src/domains/kernel";
import { catalogueOf } from "../../../src/engine/context";
import { contextsOf } from "../../../src/engine/contexts";
import { EventCodec } from "../../../src/infra/eventstore/codec";
import { partitionOf } from "../../../src/infra/runtime";
import { resolved, sampleFiles } from "../../support/contracts";

/*
 * What is divided gives what the whole gives: each partition folds the whole log for itself, knows its own documents
 * only, and together they have all documents as one worker would have made them.
 */

const contexts = contextsOf({ paymentTimeout: 60 });
const codec = new EventCodec(catalogueOf(contexts));
const files = sampleFiles();
const divisible = contexts
  .flatMap(({ projections }) => projections)
  .filter(({ independent }) => independent)
  .map((projection) => [`${projection.context}.${projection.name}`, projection as Projection<Document>] as const);

const TWINS = 4;
const UUID = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{11})[0-9a-f]/g;

/** The same event of other aggregates: ids and SKUs are replaced by those of the n-th twin, wherever they stand. */
function twin(event: Recorded, n: number): Recorded {
  const { stream, data } = event;
  const text = JSON.stringify({ stream, data }).replaceAll(UUID, `$1${n}`).replaceAll("85123A", `85123${n}`);
  return { ...event, ...(JSON.parse(text) as { stream: string; data: object }) };
}

const histories = (types: readonly string[]) => {
  const samples = files.flatMap(({ type, sample }) => {
    const event = types.includes(type) ? codec.decode(resolved(sample)) : undefined;
    return event ? [event] : [];
  });
  const event = fc.tuple(fc.constantFrom(...samples), fc.nat(TWINS - 1)).map(([sample, n]) => twin(sample, n));
  return fc
    .array(event, { maxLength: 40 })
    .map((events) => events.map((each, index) => ({ ...each, position: BigInt(index), revision: index })));
};

/** The documents after the events; of those that are folded by themselves, the ones that are `mine`. */
function fold(projection: Projection<Document>, events: readonly Recorded[], mine?: (id: string) => boolean) {
  const documents = new Map<string, Document>();
  const alone: Lookup<never> = (id) => {
    throw new Error(`a document asked for ${id}`);
  };
  const lookup: Lookup<Document> = mine ? alone : (id) => documents.get(id);
  for (const event of events)
    for (const id of projection.ids(event, lookup)) {
      if (mine?.(id) === false) continue;
      const next = projection.apply(documents.get(id), event, id, lookup);
      if (next === undefined) documents.delete(id);
      else documents.set(id, next);
    }
  return documents;
}

const sorted = (documents: Iterable<[string, Document]>) => [...documents].sort(([a], [b]) => (a < b ? -1 : 1));

test.each(divisible)("%s: its partitions together are the whole", (_, projection) => {
  fc.assert(
    fc.property(histories(projection.events), fc.integer({ min: 2, max: 7 }), (events, count) => {
      const parts = Array.from({ length: count }, (__, index) =>
        fold(projection, events, (id) => partitionOf(id, count) === index),
      );
      expect(sorted(parts.flatMap((part) => [...part]))).toEqual(sorted(fold(projection, events)));
    }),
    { numRuns: 40 },
  );
});
