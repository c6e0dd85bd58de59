import { type InventoryEvent, stock, type StockCommand, stockId } from "../../../../src/domains/inventory";
import { type LocationId, type ReservationId, type Sku, type Timestamp } from "../../../../src/domains/kernel";
import { spec } from "../../../support/spec";

const at = "2026-01-01T12:00:00.000Z" as Timestamp;
const later = "2026-01-01T12:15:00.000Z" as Timestamp;
const place = { location: "main" as LocationId, sku: "85123A" as Sku };
const id = (name: string) => name as ReservationId;

const receivedOf = (quantity: number): InventoryEvent => ({ type: "StockReceived", data: { ...place, quantity } });
const backorder = (allowBackorder: boolean): InventoryEvent => ({
  type: "BackorderPolicySet",
  data: { ...place, allowBackorder },
});
const reservedOf = (name: string, quantity: number, expiresAt: Timestamp | null = null): InventoryEvent => ({
  type: "StockReserved",
  data: { ...place, reservationId: id(name), quantity, expiresAt },
});
const lapsedOf = (name: string, quantity: number): InventoryEvent => ({
  type: "ReservationLapsed",
  data: { ...place, reservationId: id(name), quantity },
});
const releasedOf = (name: string, quantity: number): InventoryEvent => ({
  type: "ReservationReleased",
  data: { ...place, reservationId: id(name), quantity, reason: "cancelled" },
});
const shippedOf = (name: string, quantity: number): InventoryEvent => ({
  type: "StockShipped",
  data: { ...place, reservationId: id(name), quantity },
});

const reserve = (name: string, quantity: number, when = at, expiresAt: Timestamp | null = null): StockCommand => ({
  type: "ReserveStock",
  at: when,
  ...place,
  reservationId: id(name),
  quantity,
  expiresAt,
});
const release = (name: string, when = at): StockCommand => ({
  type: "ReleaseReservation",
  at: when,
  ...place,
  reservationId: id(name),
  reason: "cancelled",
});
const ship = (name: string, when = at): StockCommand => ({
  type: "ShipStock",
  at: when,
  ...place,
  reservationId: id(name),
});
const adjust = (delta: number): StockCommand => ({ type: "AdjustStock", at, ...place, delta, reason: "counted" });
const setBackorder = (allowBackorder: boolean): StockCommand => ({
  type: "SetBackorderPolicy",
  at,
  ...place,
  allowBackorder,
});

describe("receiving and adjusting", () => {
  it("adds what came", () => {
    spec(stock)
      .when({ type: "ReceiveStock", at, ...place, quantity: 10, reference: "PO-7" })
      .then({ type: "StockReceived", data: { ...place, quantity: 10, reference: "PO-7" } });
  });
  it("corrects the count, but not below what is promised", () => {
    const adjusted: InventoryEvent = { type: "StockAdjusted", data: { ...place, delta: -7, reason: "counted" } };
    spec(stock).given(receivedOf(10), reservedOf("a", 3)).when(adjust(-7)).then(adjusted);
    spec(stock)
      .given(receivedOf(10), reservedOf("a", 3))
      .when(adjust(-8))
      .thenRefused("insufficient-stock", { available: 7 });
    spec(stock).given(backorder(true)).when(adjust(-8)).thenTypes("StockAdjusted");
  });
  it("upwards is always possible", () => {
    const history = [backorder(true), reservedOf("a", 9), backorder(false)];
    spec(stock)
      .given(...history)
      .when(adjust(1))
      .thenTypes("StockAdjusted");
  });
});

describe("reserving", () => {
  it("takes what is available, to the last piece", () => {
    spec(stock).given(receivedOf(10)).when(reserve("a", 10)).then(reservedOf("a", 10));
    spec(stock)
      .given(receivedOf(10), reservedOf("a", 8))
      .when(reserve("b", 3))
      .thenRefused("out-of-stock", { sku: "85123A", available: 2, requested: 3 });
    spec(stock).when(reserve("a", 1)).thenRefused("out-of-stock", { available: 0 });
  });
  it("again changes nothing; with another quantity it is refused", () => {
    spec(stock).given(receivedOf(10), reservedOf("a", 8)).when(reserve("a", 8)).then();
    spec(stock).given(receivedOf(10), reservedOf("a", 8)).when(reserve("a", 1)).thenRefused("reservation-exists");
  });
  it("goes below zero where backorder is allowed, and no further once it is not", () => {
    spec(stock).given(backorder(true)).when(reserve("a", 5)).then(reservedOf("a", 5));
    spec(stock)
      .given(backorder(true), reservedOf("a", 5), backorder(false))
      .when(reserve("b", 1))
      .thenRefused("out-of-stock", { available: 0 });
  });
  it("sets the policy once", () => {
    spec(stock).when(setBackorder(false)).then();
    spec(stock).when(setBackorder(true)).then(backorder(true));
  });
});

describe("an end of a reservation", () => {
  it("by release gives the pieces back, once", () => {
    spec(stock).given(receivedOf(5), reservedOf("a", 5)).when(release("a")).then(releasedOf("a", 5));
    spec(stock).given(receivedOf(5), reservedOf("a", 5), releasedOf("a", 5)).when(release("a")).then();
    spec(stock)
      .given(receivedOf(5), reservedOf("a", 5), releasedOf("a", 5))
      .when(reserve("b", 5))
      .then(reservedOf("b", 5));
  });
  it("by shipping takes them away, once", () => {
    spec(stock).given(receivedOf(5), reservedOf("a", 5)).when(ship("a")).then(shippedOf("a", 5));
    spec(stock)
      .given(receivedOf(5), reservedOf("a", 5), shippedOf("a", 5))
      .when(ship("a"))
      .thenRefused("reservation-not-found");
    spec(stock)
      .given(receivedOf(5), reservedOf("a", 5), shippedOf("a", 5))
      .when(reserve("b", 1))
      .thenRefused("out-of-stock");
  });
  it("by shipping needs the pieces on hand, unless backorder is allowed", () => {
    const history = [receivedOf(4), backorder(true), reservedOf("a", 5)];
    spec(stock)
      .given(...history)
      .when(ship("a"))
      .then(shippedOf("a", 5));
    spec(stock)
      .given(...history, backorder(false))
      .when(ship("a"))
      .thenRefused("insufficient-stock", { onHand: 4, requested: 5 });
  });
});

describe("a reservation with an end", () => {
  const history = [receivedOf(5), reservedOf("a", 5, later)];

  it("holds until then", () => {
    spec(stock)
      .given(...history)
      .when(reserve("b", 1, "2026-01-01T12:14:59.999Z" as Timestamp))
      .thenRefused("out-of-stock");
  });
  it("has lapsed then, which the next command notices", () => {
    spec(stock)
      .given(...history)
      .when(reserve("b", 1, later))
      .then(lapsedOf("a", 5), reservedOf("b", 1));
    spec(stock)
      .given(...history)
      .when(release("a", later))
      .then(lapsedOf("a", 5));
    spec(stock)
      .given(...history)
      .when(ship("a", later))
      .thenRefused("reservation-not-found");
    spec(stock)
      .given(...history)
      .when({ type: "LapseReservations", at: later, ...place })
      .then(lapsedOf("a", 5));
  });
  it("may be opened anew under its id with another end", () => {
    const anew = reservedOf("a", 2, "2026-01-01T13:00:00Z" as Timestamp);
    spec(stock)
      .given(...history, releasedOf("a", 5), anew)
      .when({ type: "LapseReservations", at: later, ...place })
      .then();
    spec(stock)
      .given(...history, releasedOf("a", 5), reservedOf("a", 5, later))
      .when({ type: "LapseReservations", at: later, ...place })
      .then(lapsedOf("a", 5));
  });
});

describe("stock id", () => {
  it("names location and SKU", () => expect(stockId(place.location, place.sku)).toBe("main-85123A"));
});
