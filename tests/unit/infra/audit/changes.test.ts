import { Decimal128 } from "mongodb";
import { Changes } from "../../../../src/infra/audit/changes";
import { inStep } from "../../../../src/infra/audit/in-step";
import { Tally } from "../../../../src/infra/audit/model-report";

const list = async function* (...ids: string[]) {
  for (const _id of ids) yield await Promise.resolve({ _id });
};
async function together(left: string[], right: string[]) {
  const found: [string, boolean, boolean][] = [];
  for await (const [id, a, b] of inStep(list(...left), list(...right))) found.push([id, !!a, !!b]);
  return found;
}

test("two lists side by side, in the order of the database", async () => {
  expect(await together([], [])).toEqual([]);
  expect(await together(["a", "b", "d"], ["b", "c", "d", "e"])).toEqual([
    ["a", true, false],
    ["b", true, true],
    ["c", false, true],
    ["d", true, true],
    ["e", false, true],
  ]);
  // By bytes 🂡 comes after ﬀ; by UTF-16 it would come before.
  expect(await together(["ﬀ", "🂡"], ["🂡"])).toEqual([
    ["ﬀ", true, false],
    ["🂡", true, true],
  ]);
});

test("what differs is counted by field, items of lists together", () => {
  const changes = new Changes(1);
  changes.compare("same", { a: 1, b: undefined }, { a: 1 });
  changes.compare("x", { lines: [{ n: 1 }, { n: 2 }], a: 1 }, { lines: [{ n: 2 }, { n: 3 }], a: 1 });
  changes.compare("y", { lines: [{ n: 1 }], a: 1 }, { lines: [{ n: 2 }], a: 2 });
  changes.compare("z", undefined, { a: 1 });
  expect(changes.report()).toEqual({
    documents: 4,
    differing: 3,
    fields: [
      { path: "/lines/*/n", documents: 2 },
      { path: "/a", documents: 1 },
    ],
    first: [
      {
        id: "x",
        kind: "different",
        differences: [
          { path: "/lines/0/n", was: 1, now: 2 },
          { path: "/lines/1/n", was: 2, now: 3 },
        ],
      },
    ],
  });
});

test("decimals and long numbers are compared exactly", () => {
  const tally = new Tally();
  const row = (amount: string, position: bigint) => ({ amount: Decimal128.fromString(amount), position });
  const last = { stream: "order-1", revision: 0, type: "OrderPlaced", position: "7" };
  tally.compare("b", row("1.0", 1n << 60n), row("1.0", 1n << 60n), () => last);
  expect(tally.differing).toBe(0);
  tally.compare("c", row("1.0", 1n), row("1.0", 2n), () => last);
  tally.compare("b", row("1.0", 1n), row("1.00", 1n), () => last);
  tally.compare("d", undefined, row("1", 1n), () => last);
  expect(tally).toMatchObject({
    documents: 3,
    differing: 3,
    first: { id: "b", path: "/amount", stored: 'Decimal128("1.0")', expected: 'Decimal128("1.00")', lastEvent: last },
  });
});
