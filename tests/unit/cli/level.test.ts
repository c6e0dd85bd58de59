import { untilLevel, type Positions } from "../../../src/cli/level";

const never = new AbortController().signal;
/** Answers one look after another; the last again and again. */
const looks = (...each: Positions[]) => {
  let next = 0;
  return async () => each[Math.min(next++, each.length - 1)] ?? [];
};
const at = (a: bigint, b: bigint): Positions => [
  { name: "catalog.products", position: a },
  { name: "ordering.orders", position: b },
];

test("waits until the last read model is there, and tells the share of the way", async () => {
  const shares: number[] = [];
  const progress = (share: number) => shares.push(share);
  expect(await untilLevel(looks(at(0n, 0n), at(10n, 5n), at(12n, 10n)), 10n, { signal: never, progress })).toBe(true);
  expect(shares).toEqual([0, 0.75, 1]);
});

test("nothing to wait for is level at once", async () => {
  expect(await untilLevel(looks([]), 10n, { signal: never })).toBe(true);
  expect(await untilLevel(looks(at(10n, 10n)), 10n, { signal: never })).toBe(true);
});

test("gives up when nothing moves", async () => {
  expect(await untilLevel(looks(at(0n, 10n)), 10n, { signal: never, patience: 150 })).toBe(false);
});

test("a read model that stands still for good is named", async () => {
  const failed: Positions = [{ name: "catalog.products", position: 3n, failed: "cannot handle ProductDrafted" }];
  await expect(untilLevel(looks(failed), 10n, { signal: never })).rejects.toThrow(
    "The read model catalog.products cannot go on: cannot handle ProductDrafted",
  );
});

test("ends when it is told to", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  await expect(untilLevel(looks(at(0n, 0n)), 10n, { signal })).rejects.toThrow("stopped");
});
