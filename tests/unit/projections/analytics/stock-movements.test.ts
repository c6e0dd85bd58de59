import { type InventoryEvent, stock } from "../../../../src/domains/inventory";
import { fold, type LocationId, type ReservationId, type Sku } from "../../../../src/domains/kernel";
import { stockMovementsFeed } from "../../../../src/projections/analytics";
import { orderId } from "../../domains/cart/fixtures";
import { rowsOf, second } from "./sales";

type Moved = Exclude<InventoryEvent, { type: "BackorderPolicySet" }>;

const place = { location: "main" as LocationId, sku: "AB-1" as Sku };
const reservation = (name: string, quantity: number) => ({ ...place, reservationId: name as ReservationId, quantity });

const history: Moved[] = [
  { type: "StockReceived", data: { ...place, quantity: 10, reference: "delivery 7" } },
  { type: "StockReserved", data: { ...reservation("a", 2), expiresAt: null, orderId } },
  { type: "StockReserved", data: { ...reservation("b", 3), expiresAt: null } },
  { type: "StockReserved", data: { ...reservation("c", 1), expiresAt: null } },
  { type: "StockShipped", data: reservation("a", 2) },
  { type: "ReservationReleased", data: { ...reservation("b", 3), reason: "cancelled" } },
  { type: "ReservationLapsed", data: reservation("c", 1) },
  { type: "StockAdjusted", data: { ...place, delta: -1, reason: "broken" } },
];

describe("stock-movements", () => {
  it("says of every movement what it did to the pieces on hand and to those reserved", () => {
    const row = (
      n: number,
      movement: string,
      [onHandDelta, reservedDelta]: readonly [number, number],
      more: Record<string, string> = {},
    ) => ({
      occurredAt: second(n),
      movement,
      ...place,
      quantity: onHandDelta,
      onHandDelta,
      reservedDelta,
      reservationId: null,
      orderId: null,
      reason: null,
      reference: null,
      ...more,
    });
    expect(rowsOf(stockMovementsFeed, ...history)).toEqual([
      row(0, "received", [10, 0], { reference: "delivery 7" }),
      row(1, "reserved", [0, 2], { reservationId: "a", orderId }),
      row(2, "reserved", [0, 3], { reservationId: "b" }),
      row(3, "reserved", [0, 1], { reservationId: "c" }),
      row(4, "shipped", [-2, -2], { reservationId: "a" }),
      row(5, "released", [0, -3], { reservationId: "b", reason: "cancelled" }),
      row(6, "lapsed", [0, -1], { reservationId: "c" }),
      row(7, "adjusted", [-1, 0], { reason: "broken" }),
    ]);
  });

  it("adds up to the level", () => {
    const rows = rowsOf(stockMovementsFeed, ...history);
    const sum = (field: string) => rows.reduce((total, row) => total + Number(row[field]), 0);
    const { onHand, reserved } = fold(stock, history);
    expect({ onHand: sum("onHandDelta"), reserved: sum("reservedDelta") }).toEqual({ onHand, reserved });
    expect(sum("quantity")).toBe(onHand);
  });
});
