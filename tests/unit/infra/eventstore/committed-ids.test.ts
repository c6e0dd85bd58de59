import * as fc from "fast-check";
import { CommittedIds } from "../../../../src/infra/bundled/eventstore/core/committed-ids";

/** Few different ones, so that they repeat and their hashes collide. */
const id = fc.oneof(
  fc.nat(40).map((n) => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32BE(n, 12);
    return bytes;
  }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
);

describe("the ids of recent events", () => {
  it("are known like in a map, as long as they are recent", () => {
    const steps = fc.array(fc.record({ id, what: fc.constantFrom("set", "set", "set", "delete") }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (plan) => {
        const ids = new CommittedIds(256);
        const model = new Map<string, number>();
        plan.forEach(({ id: key, what }, n) => {
          if (what === "set") {
            ids.set(key, n + 1, n + 2, n + 3);
            model.set(key.toString("hex"), n);
          } else {
            ids.delete(key);
            model.delete(key.toString("hex"));
          }
        });
        for (const { id: key } of plan) {
          const n = model.get(key.toString("hex"));
          expect(ids.get(key)).toEqual(
            n === undefined ? undefined : { stream: n + 1, revision: n + 2, position: n + 3 },
          );
        }
      }),
    );
  });

  it("are forgotten in the end: at least the newest are known, at most twice as many", () => {
    const ids = new CommittedIds(64);
    const key = (n: number): Buffer => {
      const bytes = Buffer.alloc(16);
      bytes.writeUInt32LE(n, 0);
      return bytes;
    };
    for (let n = 0; n < 1000; n++) ids.set(key(n), 1, n, n + 64);
    const known = Array.from({ length: 1000 }, (_, n) => n).filter((n) => ids.get(key(n)) !== undefined);
    expect(known.length).toBeGreaterThanOrEqual(64);
    expect(known.length).toBeLessThanOrEqual(128);
    expect(known.at(-1)).toBe(999);
    expect((known.at(-1) ?? 0) - (known[0] ?? 0)).toBe(known.length - 1);
  });
});
