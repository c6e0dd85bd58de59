import fc from "fast-check";
import { assign, type Assignment, type Unit } from "../../../../src/infra/runtime/assignment";

const unit = (key: string, candidates: readonly string[], holder?: string): Unit => ({
  key,
  group: key.split("#")[0] ?? key,
  candidates,
  holder,
});
const names = (count: number, first = "u") => Array.from({ length: count }, (_, n) => `${first}${n}`);
const loads = (assigned: Assignment, workers: readonly string[]) =>
  workers.map((worker) => [...assigned.values()].filter((each) => each === worker).length);
const spread = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);

test("one worker alone has everything", () => {
  expect(loads(assign(names(7).map((key) => unit(key, ["a"]))), ["a"])).toEqual([7]);
});

test("who joins takes its share from those who have most, and nobody else gives or gets", () => {
  const before = names(9).map((key, n) => unit(key, ["a", "b", "c"], n < 5 ? "a" : "b"));
  const after = assign(before);
  expect(loads(after, ["a", "b", "c"])).toEqual([3, 3, 3]);
  for (const { key, holder } of before) expect([holder, "c"]).toContain(after.get(key));
});

test("an even division stays as it is", () => {
  const before = names(7).map((key, n) => unit(key, ["a", "b"], n % 2 === 0 ? "a" : "b"));
  const after = assign(before);
  for (const { key, holder } of before) expect(after.get(key)).toBe(holder);
});

test("what one leaves goes to those who have least", () => {
  const before = names(6).map((key, n) => unit(key, ["a", "b"], n < 3 ? "a" : undefined));
  expect(loads(assign(before), ["a", "b"])).toEqual([3, 3]);
});

test("partitions of one read model are spread, though the number of units alone would not ask for it", () => {
  const before = [
    ...names(4, "orders#").map((key) => unit(key, ["a", "b"], "a")),
    ...names(4, "other").map((key) => unit(key, ["a", "b"], "b")),
  ];
  const after = assign(before);
  const partitions = [...after].filter(([key]) => key.startsWith("orders#")).map(([, owner]) => owner);
  expect(partitions.sort()).toEqual(["a", "a", "b", "b"]);
  expect(loads(after, ["a", "b"])).toEqual([4, 4]);
});

test("what somebody holds who could not have it is left to him; what nobody could do is nobody's", () => {
  const after = assign([unit("held", ["a"], "stranger"), unit("orphan", [])]);
  expect([...after]).toEqual([["held", "stranger"]]);
});

const division = fc
  .record({ workers: fc.integer({ min: 1, max: 6 }), holders: fc.array(fc.option(fc.nat(7)), { maxLength: 30 }) })
  .map(({ workers, holders }) => {
    const all = names(workers, "w");
    return { all, units: holders.map((n, i) => unit(`u${i}`, all, n === null ? undefined : all[n])) };
  });

test("any division becomes even, and is at rest then: everyone reckons the same, in whatever order it is told", () => {
  fc.assert(
    fc.property(division, ({ all, units }) => {
      const after = assign(units);
      expect(spread(loads(after, all))).toBeLessThanOrEqual(1);
      expect([...assign([...units].reverse())].sort()).toEqual([...after].sort());
      const settled = units.map((each) => ({ ...each, holder: after.get(each.key) }));
      expect([...assign(settled)].sort()).toEqual([...after].sort());
    }),
  );
});

test("no more moves than evenness needs", () => {
  fc.assert(
    fc.property(division, ({ all, units }) => {
      const held = units.filter(({ holder }) => holder !== undefined);
      const moved = held.filter(({ key, holder }) => assign(held).get(key) !== holder).length;
      const before = all.map((worker) => held.filter(({ holder }) => holder === worker).length).sort((a, b) => b - a);
      const least = Math.floor(held.length / all.length);
      const more = held.length % all.length;
      const needed = before.reduce((sum, has, n) => sum + Math.max(0, has - least - (n < more ? 1 : 0)), 0);
      expect(moved).toBe(needed);
    }),
  );
});
