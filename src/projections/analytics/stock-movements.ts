import { type InventoryEvent } from "../../domains/inventory/events";
import { levelAfter, noLevel } from "../../domains/inventory/level";
import { type Feed, type Recorded } from "../../domains/kernel";

type Moved = Exclude<InventoryEvent, { type: "BackorderPolicySet" }>;

export type StockMovementRow = {
  readonly occurredAt: string;
  readonly movement: "received" | "adjusted" | "reserved" | "released" | "lapsed" | "shipped";
  readonly location: string;
  readonly sku: string;
  /** The same as `onHandDelta`. */
  readonly quantity: number;
  readonly onHandDelta: number;
  readonly reservedDelta: number;
  /** Leads from a reservation to what became of it. */
  readonly reservationId: string | null;
  /** Only where the reservation named its order. */
  readonly orderId: string | null;
  readonly reason: string | null;
  /** A paper that came with the goods. */
  readonly reference: string | null;
};

export const stockMovementsFeed: Feed<Moved> = {
  name: "stock-movements",
  context: "analytics",
  version: 1,
  description:
    "A row for every receipt, adjustment, reservation, release, lapse and shipment of stock, with what it did to the " +
    "pieces on hand (`onHandDelta`, also `quantity`) and to those reserved (`reservedDelta`): the sums over all rows " +
    "of a SKU are its level. What has been allowed on backorder moves nothing and is not here.",
  events: [
    "StockReceived",
    "StockAdjusted",
    "StockReserved",
    "ReservationReleased",
    "ReservationLapsed",
    "StockShipped",
  ],
  dimensions: ["movement", "location", "sku", "reason"],
  rows(event: Recorded<Moved>): readonly StockMovementRow[] {
    const { location, sku } = event.data;
    const { onHand, reserved } = levelAfter(noLevel, event);
    return [
      {
        occurredAt: event.metadata.occurredAt,
        movement: movementOf(event.type),
        location,
        sku,
        quantity: onHand,
        onHandDelta: onHand,
        reservedDelta: reserved,
        reservationId: "reservationId" in event.data ? event.data.reservationId : null,
        orderId: event.type === "StockReserved" ? (event.data.orderId ?? null) : null,
        reason: "reason" in event.data ? event.data.reason : null,
        reference: event.type === "StockReceived" ? (event.data.reference ?? null) : null,
      },
    ];
  },
};

function movementOf(type: Moved["type"]): StockMovementRow["movement"] {
  switch (type) {
    case "StockReceived":
      return "received";
    case "StockAdjusted":
      return "adjusted";
    case "StockReserved":
      return "reserved";
    case "ReservationReleased":
      return "released";
    case "ReservationLapsed":
      return "lapsed";
    case "StockShipped":
      return "shipped";
  }
}
