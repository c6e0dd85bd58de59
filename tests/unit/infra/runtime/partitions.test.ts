import fc from "fast-check";
import { anyPartitionOf, partitionedTarget, partitionName, partitionNames, partitionOf, Reach } from "../../../../src/infra/runtime/partitions"; // prettier-ignore
import { newId } from "../../../../src/infra/runtime";

test("a collection that is not divided has its own name, and its partitions names of theirs", () => {
  expect(partitionNames("orders_v1", { count: 1 })).toEqual(["orders_v1"]);
  expect(partitionNames("orders_v1", { count: 2 })).toEqual(["orders_v1#0of2", "orders_v1#1of2"]);
  for (const name of partitionNames("orders_v1", { count: 3 })) expect(partitionedTarget(name)).toBe("orders_v1");
  for (const name of ["orders_v1", "orders_v1#1of2"]) expect(name).toMatch(anyPartitionOf("orders_v1"));
  for (const name of ["orders_v10", "orders_v1_2", "more-orders_v1"]) expect(name).not.toMatch(anyPartitionOf("orders_v1")); // prettier-ignore
});

test("where a document belongs never changes", () => {
  expect(["", "a", "sku:85123A", "main-85123A", "é€😀"].map((id) => partitionOf(id, 64))).toEqual([1, 7, 9, 20, 3]);
  expect(partitionName("t", partitionOf("sku:85123A", 1), 1)).toBe("t");
});

test.each([
  ["random ids", () => newId()],
  ["numbers", (n: number) => `article-${n}`],
  ["stock", (n: number) => `main-${85_000 + n}A`],
])("partitions have about as many documents each: %s", (_, id) => {
  for (const count of [2, 3, 4, 8]) {
    const sizes = new Array<number>(count).fill(0);
    for (let n = 0; n < 8_000; n++) sizes[partitionOf(id(n), count)]! += 1; // eslint-disable-line @typescript-eslint/no-non-null-assertion
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeLessThan(1.35);
  }
});

test("divided anew, each document is still where it was", () => {
  const positions = fc.array(fc.bigInt({ min: -1n, max: 50n }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      positions,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      fc.string(),
      (old, second, third, id) => {
        // prettier-ignore
        const first = new Reach({ count: old.length }, old);
        const again = ({ floors, least }: Reach, count: number) =>
          new Reach({ count, floors }, new Array<bigint>(count).fill(least));
        const then = again(first, second);
        const finally_ = again(then, third);
        expect([then.of(id), then.least, then.most]).toEqual([first.of(id), first.least, first.most]);
        expect([finally_.of(id), finally_.least, finally_.most]).toEqual([first.of(id), first.least, first.most]);
      },
    ),
  );
});
