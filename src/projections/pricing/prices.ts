import { type Projection } from "../../domains/kernel";
import { type PriceEntry, type PricingEvent } from "../../domains/pricing/events";

/** A price with what became of it, in business time. */
export interface PriceRecord extends PriceEntry {
  readonly setAt: string;
  readonly withdrawnAt: string | null;
}

export interface PricesDocument {
  /** The SKU. */
  readonly _id: string;
  /** Every price ever set, in the order in which they were set; those withdrawn no longer count. */
  readonly entries: readonly PriceRecord[];
  /** Revision of the price stream. */
  readonly revision: number;
}

export const prices: Projection<PricesDocument, PricingEvent> = {
  name: "prices",
  context: "pricing",
  version: 1,
  independent: true,
  events: ["PriceSet", "PriceWithdrawn"],
  ids: ({ data }) => [data.sku],
  sources: ({ _id }) => [`price-${_id}`],
  apply(document, event) {
    const entries = document?.entries ?? [];
    const { occurredAt } = event.metadata;
    const { revision } = event;
    switch (event.type) {
      case "PriceSet": {
        const { sku, ...entry } = event.data;
        return { _id: sku, entries: [...entries, { ...entry, setAt: occurredAt, withdrawnAt: null }], revision };
      }
      case "PriceWithdrawn": {
        const { sku, priceId } = event.data;
        const withdrawn = (entry: PriceRecord) =>
          entry.priceId === priceId ? { ...entry, withdrawnAt: occurredAt } : entry;
        return { _id: sku, entries: entries.map(withdrawn), revision };
      }
    }
  },
};

/** The prices that count: what `priceAt` chooses from. */
export const standing = ({ entries }: PricesDocument): PriceRecord[] =>
  entries.filter(({ withdrawnAt }) => withdrawnAt === null);
