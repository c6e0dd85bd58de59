import { type InventoryEvent } from "../../domains/inventory/events";
import { available, type Level, levelAfter, noLevel } from "../../domains/inventory/level";
import { stockId } from "../../domains/inventory/stock-id";
import { type Projection } from "../../domains/kernel";

/** The stock of one SKU at one location, as the back office sees it. */
export interface LevelDocument extends Level {
  /** `<location>-<sku>`, the id of its stream. */
  readonly _id: string;
  readonly location: string;
  readonly sku: string;
  /** On hand less reserved. */
  readonly available: number;
  /** Number of open reservations. */
  readonly reservations: number;
  /** In business time. */
  readonly updatedAt: string;
  /** Revision of the stock stream. */
  readonly revision: number;
}

export const levels: Projection<LevelDocument, InventoryEvent> = {
  name: "levels",
  context: "inventory",
  version: 1,
  independent: true,
  events: [
    "StockReceived",
    "StockAdjusted",
    "BackorderPolicySet",
    "StockReserved",
    "ReservationReleased",
    "ReservationLapsed",
    "StockShipped",
  ],
  indexes: [{ key: { sku: 1, location: 1 } }, { key: { location: 1, sku: 1 } }, { key: { available: 1, _id: 1 } }],
  ids: ({ data }) => [stockId(data.location, data.sku)],
  sources: ({ _id }) => [`stock-${_id}`],
  apply(document, event, id) {
    const level = levelAfter(document ?? noLevel, event);
    return {
      _id: id,
      location: event.data.location,
      sku: event.data.sku,
      ...level,
      available: available(level),
      reservations: (document?.reservations ?? 0) + openedBy(event.type),
      updatedAt: event.metadata.occurredAt,
      revision: event.revision,
    };
  },
};

function openedBy(type: InventoryEvent["type"]): number {
  switch (type) {
    case "StockReserved":
      return 1;
    case "ReservationReleased":
    case "ReservationLapsed":
    case "StockShipped":
      return -1;
    case "StockReceived":
    case "StockAdjusted":
    case "BackorderPolicySet":
      return 0;
  }
}
