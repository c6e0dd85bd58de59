import fc from "fast-check";
import { type Candidate, inZone } from "../../../../src/api/gateway/balance/candidate";
import { rendezvous } from "../../../../src/api/gateway/balance/rendezvous";
import { lessBusyOfTwo } from "../../../../src/api/gateway/balance/two-choices";

const instance = (id: string, over: Partial<Candidate> = {}): Candidate => ({
  id,
  weight: 100,
  zone: undefined,
  inFlight: 0,
  ...over,
});

/** Numbers from 0 to below 1, the same in every run. */
function numbers(seed = 1): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

const share = (count: number, pick: (index: number) => Candidate | undefined): Record<string, number> => {
  const shares: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const id = pick(i)?.id ?? "none";
    shares[id] = (shares[id] ?? 0) + 1 / count;
  }
  return shares;
};

describe("the less busy of two", () => {
  test("of two it is always the less busy, by weight", () => {
    const random = numbers();
    const busy = instance("busy", { inFlight: 5 });
    const free = instance("free", { inFlight: 4 });
    for (let i = 0; i < 50; i++) expect(lessBusyOfTwo([busy, free], random)).toBe(free);
    const strong = instance("strong", { inFlight: 6, weight: 200 });
    for (let i = 0; i < 50; i++) expect(lessBusyOfTwo([free, strong], random)).toBe(strong);
  });

  test("the busiest of many gets nothing", () => {
    const random = numbers();
    const all = [1, 2, 3, 4].map((inFlight) => instance(`i${inFlight}`, { inFlight }));
    expect(share(1_000, () => lessBusyOfTwo(all, random))).not.toHaveProperty("i4");
  });

  test("a canary gets about its weight", () => {
    const random = numbers();
    const shares = share(5_000, () =>
      lessBusyOfTwo([instance("a"), instance("b"), instance("canary", { weight: 10 })], random),
    );
    expect(shares["canary"]).toBeGreaterThan(0.02);
    expect(shares["canary"]).toBeLessThan(0.1);
  });

  test("none, one, and such as want nothing", () => {
    expect(lessBusyOfTwo([], numbers())).toBeUndefined();
    const only = instance("only");
    expect(lessBusyOfTwo([only, instance("off", { weight: 0 })], numbers())).toBe(only);
    expect(lessBusyOfTwo([instance("off", { weight: 0 })], numbers())).toBeUndefined();
  });
});

describe("rendezvous hashing", () => {
  const ids = fc.uniqueArray(fc.stringMatching(/^http:\/\/10\.0\.0\.\d{1,3}:8080$/), { minLength: 2, maxLength: 8 });

  test("it depends on the key and on who is there, not on their order", () => {
    fc.assert(
      fc.property(ids, fc.string(), (each, key) => {
        const all = each.map((id) => instance(id));
        expect(rendezvous([...all].reverse(), key)).toBe(rendezvous(all, key));
      }),
    );
  });

  test("when one leaves, only its own keys move", () => {
    fc.assert(
      fc.property(ids, fc.string(), (each, key) => {
        const all = each.map((id) => instance(id));
        const chosen = rendezvous(all, key);
        for (const left of all) {
          if (left === chosen) continue;
          const others = all.filter((other) => other !== left);
          expect(rendezvous(others, key)).toBe(chosen);
        }
      }),
    );
  });

  test("keys are spread by weight", () => {
    const all = [instance("a"), instance("b"), instance("half", { weight: 50 })];
    const shares = share(20_000, (i) => rendezvous(all, `carts/${i}`));
    expect(shares["a"]).toBeCloseTo(0.4, 1);
    expect(shares["b"]).toBeCloseTo(0.4, 1);
    expect(shares["half"]).toBeCloseTo(0.2, 1);
  });

  test("one that is far busier than its share is passed over", () => {
    const all = [instance("a"), instance("b"), instance("c")];
    const owner = rendezvous(all, "carts/1");
    const busy = all.map((each) => (each === owner ? { ...each, inFlight: 500 } : each));
    expect(rendezvous(busy, "carts/1")?.id).not.toBe(owner?.id);
  });
});

describe("zones", () => {
  const near = instance("near", { zone: "a" });
  const near2 = instance("near 2", { zone: "a" });
  const far = instance("far", { zone: "b" });

  test("the own zone goes first, unless too many of it are out, or none is there", () => {
    expect(inZone([near, near2, far], [near, near2, far], "a")).toEqual([near, near2]);
    expect(inZone([near, far], [near, near2, far], "a")).toEqual([near, far]);
    expect(inZone([far], [near, near2, far], "a")).toEqual([far]);
    expect(inZone([near, far], [near, far], undefined)).toEqual([near, far]);
  });
});
