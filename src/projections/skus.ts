import { type ClaimEvent } from "../domains/catalog/events";
import { type Projection } from "../domains/kernel";

/** A SKU that a product has, or is about to have. */
export interface SkuDocument {
  readonly _id: string;
  /** Of the product. */
  readonly owner: string;
}

const SKU = "sku:";

/** What a context that deals with SKUs knows of those that there are, from the catalogue's claims. */
export const skusFor = (context: string): Projection<SkuDocument, ClaimEvent> => ({
  name: "skus",
  context,
  version: 1,
  independent: true,
  events: ["Claimed", "ClaimReleased"],
  ids: ({ data: { key } }) => (key.startsWith(SKU) ? [key.slice(SKU.length)] : []),
  sources: ({ _id }) => [`claim-${SKU}${_id}`],
  apply(_document, event, _id) {
    switch (event.type) {
      case "Claimed":
        return { _id, owner: event.data.owner };
      case "ClaimReleased":
        return undefined;
    }
  },
});
