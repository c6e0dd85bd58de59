import fc from "fast-check";
import { Limiter, rateHeaders } from "../../../../src/api/gateway/limits/limiter";
import { parseRate, TokenBucket } from "../../../../src/api/gateway/limits/token-bucket";

describe("a token bucket", () => {
  test("all at once, then evenly", () => {
    const bucket = new TokenBucket({ requests: 3, seconds: 30 }, 0);
    expect([1, 2, 3, 4].map(() => bucket.take(0).admitted)).toEqual([true, true, true, false]);
    expect(bucket.take(0).retryAfter).toBeCloseTo(10);
    expect(bucket.take(10_000).admitted).toBe(true);
    expect(bucket.take(10_001).admitted).toBe(false);
  });

  test("never more than the burst and the rate allow, however requests come", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200 }), (pauses) => {
        const bucket = new TokenBucket({ requests: 5, seconds: 10 }, 0);
        let now = 0;
        let admitted = 0;
        for (const pause of pauses) {
          now += pause;
          if (bucket.take(now).admitted) admitted++;
          expect(admitted).toBeLessThanOrEqual(5 + now / 2_000 + 1e-9);
        }
      }),
    );
  });

  test("what others took out of the same allowance counts", () => {
    const bucket = new TokenBucket({ requests: 10, seconds: 10 }, 0);
    bucket.take(0);
    expect(bucket.report()).toBe(1);
    expect(bucket.report()).toBe(0);
    bucket.othersTook(12);
    expect(bucket.take(1_000).admitted).toBe(false);
    expect(bucket.take(5_000).admitted).toBe(true);
  });

  test.each(["600", "0/60", "6/0", "a/b", "6/60/6", ""])("%j is no rate", (text) => {
    expect(() => parseRate(text)).toThrow("a rate must be <requests>/<seconds>");
  });
});

test("the tightest limit decides, and is told", () => {
  const limiter = new Limiter(
    {
      client: { requests: 10, seconds: 10 },
      key: { requests: 3, seconds: 60 },
      routes: new Map([["openCart", { requests: 1, seconds: 60 }]]),
    },
    () => 0,
  );
  const ask = (operationId: string, credential?: string) => limiter.ask({ client: "1.1.1.1", credential, operationId });
  expect(ask("getCart")).toMatchObject({ policy: "client", admitted: true, remaining: 9 });
  expect(ask("getCart", "mk_one")).toMatchObject({ policy: "key", admitted: true, remaining: 2 });
  expect(ask("openCart", "mk_one")).toMatchObject({ policy: "route", admitted: true, remaining: 0 });
  const refused = ask("openCart", "mk_one");
  expect(refused).toMatchObject({ policy: "route", admitted: false });
  expect(refused && rateHeaders(refused)).toEqual([
    "RateLimit-Policy",
    '"route";q=1;w=60',
    "RateLimit",
    '"route";r=0;t=60',
  ]);
  expect(limiter.refused).toEqual({ client: 0, key: 0, route: 1 });
  // What one limit refuses takes nothing from the others.
  expect(ask("getCart")).toMatchObject({ policy: "client", remaining: 6 });
});

test("no key is kept as it is", () => {
  const limiter = new Limiter({ client: undefined, key: { requests: 1, seconds: 1 }, routes: new Map() }, () => 0);
  limiter.ask({ client: "1.1.1.1", credential: "mk_secret", operationId: "getCart" });
  expect([...limiter.all()].map(({ name }) => name).join()).not.toContain("mk_secret");
});
