import fc from "fast-check";
import { hashTrie } from "../../../../src/domains/kernel";

type Step = { readonly put: string; readonly value: number } | { readonly remove: string };

const key = fc.oneof(fc.string({ maxLength: 3 }), fc.uuid());
const step: fc.Arbitrary<Step> = fc.oneof(fc.record({ put: key, value: fc.nat() }), fc.record({ remove: key }));

const after = <V>(map: hashTrie.HashTrie<V>) => new Map(hashTrie.entries(map));

describe("hash trie", () => {
  it("holds what a Map holds after any steps, and leaves every earlier map as it was", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const model = new Map<string, number>();
        const snapshots: { map: hashTrie.HashTrie<number>; expected: Map<string, number> }[] = [];
        let map: hashTrie.HashTrie<number> = hashTrie.empty;
        for (const next of steps) {
          snapshots.push({ map, expected: new Map(model) });
          if ("put" in next) {
            map = hashTrie.put(map, next.put, next.value);
            model.set(next.put, next.value);
          } else {
            map = hashTrie.remove(map, next.remove);
            model.delete(next.remove);
          }
          expect(map.size).toBe(model.size);
        }
        expect(after(map)).toEqual(model);
        const made = hashTrie.from([...model]);
        expect(made.size).toBe(model.size);
        for (const [known, value] of model) expect(hashTrie.get(hashTrie.put(made, "new", 1), known)).toBe(value);
        expect([...hashTrie.entries(made)]).toEqual([...hashTrie.entries(map)]);
        for (const [known, value] of model) expect(hashTrie.get(map, known)).toBe(value);
        for (const { map: old, expected } of snapshots) expect(after(old)).toEqual(expected);
      }),
    );
  });

  it("keeps keys with the same hash apart", () => {
    // Two of the known FNV-1a collisions (32 bits).
    const map = hashTrie.put(hashTrie.put(hashTrie.empty as hashTrie.HashTrie<number>, "costarring", 1), "liquid", 2);
    expect([hashTrie.get(map, "costarring"), hashTrie.get(map, "liquid")]).toEqual([1, 2]);
    expect(after(hashTrie.remove(map, "liquid"))).toEqual(new Map([["costarring", 1]]));
  });

  it("is plain JSON", () => {
    const map = hashTrie.put(hashTrie.put(hashTrie.empty as hashTrie.HashTrie<number>, "a", 1), "b", 2);
    const read = JSON.parse(JSON.stringify(map)) as typeof map;
    expect(read).toEqual(map);
    expect(hashTrie.get(read, "b")).toBe(2);
  });
});
