import { type InventoryEvent } from "./events";

/** How many pieces of a SKU are at a location, and how many of them are promised. */
export interface Level {
  readonly onHand: number;
  /** Pieces of all open reservations together. */
  readonly reserved: number;
  /** Whether more may be promised than there is. */
  readonly allowBackorder: boolean;
}

export const noLevel: Level = { onHand: 0, reserved: 0, allowBackorder: false };

/** Pieces that can still be promised; below zero where more is promised than there is (backorder). */
export const available = ({ onHand, reserved }: Pick<Level, "onHand" | "reserved">): number => onHand - reserved;

export function levelAfter({ onHand, reserved, allowBackorder }: Level, { type, data }: InventoryEvent): Level {
  switch (type) {
    case "StockReceived":
      return { onHand: onHand + data.quantity, reserved, allowBackorder };
    case "StockAdjusted":
      return { onHand: onHand + data.delta, reserved, allowBackorder };
    case "BackorderPolicySet":
      return { onHand, reserved, allowBackorder: data.allowBackorder };
    case "StockReserved":
      return { onHand, reserved: reserved + data.quantity, allowBackorder };
    case "ReservationReleased":
    case "ReservationLapsed":
      return { onHand, reserved: reserved - data.quantity, allowBackorder };
    case "StockShipped":
      return { onHand: onHand - data.quantity, reserved: reserved - data.quantity, allowBackorder };
  }
}
