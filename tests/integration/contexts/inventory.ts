import { type AloneStory } from "../../support/alone";

const at = { location: "main", sku: "85123A" };
const stream = "stock-main-85123A";

export const inventory: AloneStory = {
  given: [
    "catalog/Claimed.v1",
    "inventory/StockReceived.v1",
    "inventory/StockReserved.v1",
    "inventory/StockShipped.v1",
  ],
  shows: [
    { model: "skus", id: "85123A", document: { owner: "ab5bc8bc-2518-5ec3-ae73-322e6596c696" } },
    { model: "levels", id: "main-85123A", document: { onHand: 478, reserved: 0, available: 478 } },
  ],
  decides: [
    { stream, command: { type: "ReserveStock", ...at, reservationId: "r-1", quantity: 470, expiresAt: null }, outcome: ["StockReserved"] }, // prettier-ignore
    { stream, command: { type: "ReserveStock", ...at, reservationId: "r-2", quantity: 9, expiresAt: null }, outcome: "out-of-stock" }, // prettier-ignore
    { stream, command: { type: "ReserveStock", ...at, reservationId: "r-3", quantity: 8, expiresAt: null }, outcome: ["StockReserved"] }, // prettier-ignore
    { stream, command: { type: "ReleaseReservation", ...at, reservationId: "r-1", reason: "changed my mind" }, outcome: ["ReservationReleased"] }, // prettier-ignore
  ],
  afterwards: [{ model: "levels", id: "main-85123A", document: { onHand: 478, reserved: 8, available: 470 } }],
};
