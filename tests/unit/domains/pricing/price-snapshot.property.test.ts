import fc from "fast-check";
import { type CurrencyCode, DomainError, type Sku, type Timestamp } from "../../../../src/domains/kernel";
import { price, type PriceCommand } from "../../../../src/domains/pricing";

const { snapshot } = price;
if (snapshot === undefined) throw new Error("prices have no snapshots");

const day = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString() as Timestamp;
const about = { at: day(1), sku: "85123A" as Sku };
const priceId = fc.nat(6).map((n) => `p${n}`);

const command: fc.Arbitrary<PriceCommand> = fc.oneof(
  fc
    .record({
      priceId,
      currency: fc.constantFrom("GBP", "EUR"),
      amount: fc.constantFrom("2.5", "2.50", "3"),
      customerGroup: fc.constantFrom(null, "trade"),
      from: fc.integer({ min: 1, max: 9 }),
      lasts: fc.option(fc.integer({ min: 1, max: 5 })),
    })
    .map(({ from, lasts, currency, ...entry }) => ({
      type: "SetPrice" as const,
      ...about,
      ...entry,
      currency: currency as CurrencyCode,
      validFrom: day(from),
      validUntil: lasts === null ? null : day(from + lasts),
    })),
  priceId.map((id) => ({ type: "WithdrawPrice" as const, ...about, priceId: id })),
);

test("a snapshot of prices goes on as the state that it was made of, wherever it is made", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      let state = price.initialState;
      for (const each of commands) {
        const restored = snapshot.decode(JSON.parse(JSON.stringify(snapshot.encode(state))));
        const decision = price.decide(each, state);
        expect(price.decide(each, restored)).toEqual(decision);
        if (decision instanceof DomainError) continue;
        const after = decision.reduce(price.evolve, state);
        expect(snapshot.encode(decision.reduce(price.evolve, restored))).toEqual(snapshot.encode(after));
        state = after;
      }
    }),
  );
});
