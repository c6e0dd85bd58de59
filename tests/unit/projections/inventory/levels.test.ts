import { type InventoryEvent, stockId } from "../../../../src/domains/inventory";
import { type LocationId, type ReservationId, type Sku } from "../../../../src/domains/kernel";
import { levels } from "../../../../src/projections/inventory";
import { log, project } from "../../../support/fold";

const place = { location: "main" as LocationId, sku: "AB-1" as Sku };
const stream = `stock-${stockId(place.location, place.sku)}`;
const reservation = (name: string, quantity: number) => ({ ...place, reservationId: name as ReservationId, quantity });

const history: InventoryEvent[] = [
  { type: "StockReceived", data: { ...place, quantity: 10 } },
  { type: "StockReserved", data: { ...reservation("a", 2), expiresAt: null } },
  { type: "StockReserved", data: { ...reservation("b", 3), expiresAt: null } },
  { type: "StockReserved", data: { ...reservation("c", 1), expiresAt: null } },
  { type: "StockShipped", data: reservation("a", 2) },
  { type: "ReservationReleased", data: { ...reservation("b", 3), reason: "cancelled" } },
  { type: "StockAdjusted", data: { ...place, delta: -1, reason: "broken" } },
  { type: "BackorderPolicySet", data: { ...place, allowBackorder: true } },
];

describe("stock levels", () => {
  it("add up what came, went and is promised", () => {
    const documents = project(levels, log(...history.map((event): [string, InventoryEvent] => [stream, event])));
    expect([...documents.values()]).toEqual([
      {
        _id: "main-AB-1",
        ...place,
        onHand: 7,
        reserved: 1,
        available: 6,
        allowBackorder: true,
        reservations: 1,
        updatedAt: "2026-01-01T00:00:07.000Z",
        revision: 7,
      },
    ]);
  });
});
