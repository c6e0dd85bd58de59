import { existsSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { v4 } from "uuid";
import { EventIds } from "../../../../src/infra/audit/event-ids";
import { Scratch, SpillingMap } from "../../../../src/infra/audit/scratch";

let scratch: Scratch;
beforeEach(() => (scratch = new Scratch()));
afterEach(() => scratch.remove());

test("a map that spills answers as one in memory", async () => {
  const key = fc.constantFrom(..."abcdefghijklmnop");
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, fc.option(fc.nat()))), async (steps) => {
      const own = new Scratch();
      const spilling = new SpillingMap<{ n: number }>(own, 3);
      const map = new Map<string, { n: number }>();
      for (const [name, n] of steps) {
        if (n !== null) {
          spilling.set(name, { n });
          map.set(name, { n });
        }
        expect(spilling.get(name)).toEqual(map.get(name));
      }
      expect(new Map(spilling.entries())).toEqual(map);
      expect([...spilling.entries()]).toHaveLength(map.size);
      await own.remove();
    }),
    { numRuns: 30 },
  );
});

test("the folder is made when it is needed, and gone afterwards", async () => {
  const small = new SpillingMap<number>(scratch, 10);
  small.set("a", 1);
  const folder = dirname(scratch.file());
  expect(existsSync(folder)).toBe(true);
  await scratch.remove();
  expect(existsSync(folder)).toBe(false);
});

test("ids that come twice are found among many", () => {
  const ids = new EventIds(scratch);
  const all = Array.from({ length: 5_000 }, () => v4());
  // One byte in common: the partition is written out in between.
  const crowd = Array.from({ length: 2_000 }, () => `00${v4().slice(2)}`);
  for (const [index, id] of [...all, ...crowd].entries()) ids.see(id, BigInt(index));
  ids.see(all[17] ?? "", 10_000n);
  ids.see(crowd[3] ?? "", 1n << 50n);
  ids.see(crowd[3] ?? "", (1n << 50n) + 1n);
  expect([...ids.repeated()].toSorted((a, b) => Number((a.positions[0] ?? 0n) - (b.positions[0] ?? 0n)))).toEqual([
    { id: all[17], positions: [17n, 10_000n] },
    { id: crowd[3], positions: [5_003n, 1n << 50n, (1n << 50n) + 1n] },
  ]);
});
