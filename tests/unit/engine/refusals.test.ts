import fc from "fast-check";
import { type Refusal } from "../../../src/api/http";
import { RefusalGatherer, type Refusals } from "../../../src/engine/audit-trail/refusals";

/* Refused requests put together. */

const refusal = (over: Partial<Refusal> = {}): Refusal => ({
  kind: "refusal",
  method: "GET",
  route: "/admin/v1/orders",
  operation: "listOrders",
  status: 401,
  code: "api-key-required",
  correlationId: "c-1",
  actor: "anonymous",
  client: "a",
  ...over,
});
const gatherer = (apart = 10) => new RefusalGatherer({ window: 100, apart });

test("the first is told at once, the rest of its minute together when that is over", () => {
  const gathered = gatherer();
  expect(gathered.add(refusal(), 0)).toMatchObject({ count: 1, from: 0, to: 0, client: "a" });
  expect([10, 20, 99].map((now) => gathered.add(refusal(), now))).toEqual([undefined, undefined, undefined]);
  expect(gathered.take(99)).toEqual([]);
  expect(gathered.take(100)).toEqual([expect.objectContaining({ count: 3, from: 10, to: 99 })]);
  expect(gathered.take()).toEqual([]);
});

test("callers, routes and reasons are told apart", () => {
  const gathered = gatherer();
  const several = [{}, { client: "b" }, { route: "/admin/v1/stock" }, { status: 403 }, { actor: "key:erp" }];
  expect(several.map((over) => gathered.add(refusal(over), 0)?.count)).toEqual([1, 1, 1, 1, 1]);
});

test("more than can be told apart are counted by their status alone", () => {
  const gathered = gatherer(1);
  gathered.add(refusal(), 0);
  expect(gathered.add(refusal({ client: "b" }), 1)).toMatchObject({ route: "*", code: "several", count: 1, client: undefined }); // prettier-ignore
  expect(gathered.add(refusal({ client: "c", route: "/other" }), 2)).toBeUndefined();
  expect(gathered.take()).toEqual([expect.objectContaining({ route: "*", count: 1, from: 2 })]);
});

test("however many come from however many: each is counted once, and memory and log stay small", () => {
  const request = fc.record({ client: fc.integer({ min: 0, max: 40 }), gap: fc.integer({ min: 0, max: 60 }) });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 300 }), (requests) => {
      const gathered = gatherer(5);
      const told: Refusals[] = [];
      let now = 0;
      for (const { client, gap } of requests) {
        now += gap;
        told.push(...gathered.take(now));
        const first = gathered.add(refusal({ client: String(client) }), now);
        if (first) told.push(first);
        expect(gathered.size).toBeLessThanOrEqual(6);
      }
      told.push(...gathered.take());
      expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(requests.length);
      expect(told.length).toBeLessThanOrEqual(2 * 6 * (Math.floor(now / 100) + 1));
    }),
  );
});
