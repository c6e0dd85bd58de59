import { z } from "zod";
import {
  type Aggregate,
  compare,
  conflict,
  type Decision,
  hashTrie,
  invalid,
  isBefore,
  notFound,
  type Sku,
  type Timestamp,
} from "../kernel";
import { priceEntry, type PriceEntry, type PricingEvent } from "./events";
import { priceKey } from "./price-at";

/** The prices of one SKU. A price is never changed: a new one takes its place, or it is withdrawn. */
export interface PriceState {
  /** Every price ever set, by its id. */
  readonly prices: hashTrie.HashTrie<KnownPrice>;
  /** By currency and customer group, the price with the latest `validFrom`; none after that one was withdrawn. */
  readonly latest: Readonly<Record<string, PriceEntry>>;
}
interface KnownPrice {
  readonly entry: PriceEntry;
  readonly withdrawn: boolean;
}

export interface SetPrice extends PriceEntry {
  readonly type: "SetPrice";
  readonly at: Timestamp;
  readonly sku: Sku;
}
export interface WithdrawPrice {
  readonly type: "WithdrawPrice";
  readonly at: Timestamp;
  readonly sku: Sku;
  readonly priceId: string;
}
export type PriceCommand = SetPrice | WithdrawPrice;

export const price: Aggregate<PriceCommand, PricingEvent, PriceState> = {
  category: "price",
  initialState: { prices: hashTrie.empty, latest: {} },
  decide(command, state) {
    switch (command.type) {
      case "SetPrice":
        return setPrice(command, state);
      case "WithdrawPrice":
        return withdrawPrice(command, state);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case "PriceSet": {
        const { sku: _, ...entry } = event.data;
        return withPrice(state, entry);
      }
      case "PriceWithdrawn":
        return withoutPrice(state, event.data.priceId);
    }
  },
  snapshot: {
    version: 1,
    encode: ({ prices, latest }) => ({ prices: [...hashTrie.entries(prices)].map(([, known]) => known), latest }),
    decode(json) {
      const { prices, latest } = stored.parse(json);
      return { prices: hashTrie.from(prices.map((known) => [known.entry.priceId, known] as const)), latest };
    },
  },
};

const stored = z.object({
  prices: z.array(z.object({ entry: priceEntry, withdrawn: z.boolean() })),
  latest: z.record(z.string(), priceEntry),
});

/**
 * Setting the amount that holds at `validFrom` and without end anyway changes nothing, so a merchant's system can send
 * its whole price list every night without the history growing.
 */
function setPrice({ type: _, at: __, sku, ...wanted }: SetPrice, state: PriceState): Decision<PricingEvent> {
  const { priceId, validFrom, validUntil } = wanted;
  const known = hashTrie.get(state.prices, priceId);
  if (known !== undefined) {
    if (!known.withdrawn && sameTerms(known.entry, wanted)) return [];
    return conflict("price-id-taken", `The price ${priceId} was set before with other terms.`, { sku, priceId });
  }
  if (validUntil !== null && !isBefore(validFrom, validUntil)) {
    return invalid("price-validity", "A price must end after it begins.", { field: "validUntil" });
  }
  if (holdsAnyway(state.latest[priceKey(wanted)], wanted)) return [];
  return [{ type: "PriceSet", data: { sku, ...wanted } }];
}

function withdrawPrice({ sku, priceId }: WithdrawPrice, state: PriceState): Decision<PricingEvent> {
  const known = hashTrie.get(state.prices, priceId);
  if (known === undefined) return notFound("price-not-found", `${sku} has no price ${priceId}.`, { sku, priceId });
  return known.withdrawn ? [] : [{ type: "PriceWithdrawn", data: { sku, priceId } }];
}

const sameTerms = (a: PriceEntry, b: PriceEntry): boolean =>
  priceKey(a) === priceKey(b) &&
  compare(a.amount, b.amount) === 0 &&
  a.validFrom === b.validFrom &&
  a.validUntil === b.validUntil;

const holdsAnyway = (latest: PriceEntry | undefined, wanted: PriceEntry): boolean =>
  latest !== undefined &&
  latest.validUntil === null &&
  wanted.validUntil === null &&
  !isBefore(wanted.validFrom, latest.validFrom) &&
  compare(latest.amount, wanted.amount) === 0;

function withPrice({ prices, latest }: PriceState, entry: PriceEntry): PriceState {
  const before = latest[priceKey(entry)];
  const isLatest = before === undefined || !isBefore(entry.validFrom, before.validFrom);
  return {
    prices: hashTrie.put(prices, entry.priceId, { entry, withdrawn: false }),
    latest: isLatest ? { ...latest, [priceKey(entry)]: entry } : latest,
  };
}

function withoutPrice({ prices, latest }: PriceState, priceId: string): PriceState {
  const known = hashTrie.get(prices, priceId);
  if (known === undefined) return { prices, latest };
  const { [priceKey(known.entry)]: last, ...others } = latest;
  return {
    prices: hashTrie.put(prices, priceId, { ...known, withdrawn: true }),
    latest: last?.priceId === priceId ? others : latest,
  };
}
