import {
  type Aggregate,
  conflict,
  type Decision,
  DomainError,
  type LocationId,
  notFound,
  type OrderId,
  type ReservationId,
  type Sku,
  type Timestamp,
} from "../kernel";
import { type InventoryEvent } from "./events";
import { available } from "./level";
import { evolveStock, expired, noStock, reservationOf, stockSnapshot, type StockState } from "./stock-state";

interface To<Type extends string> {
  readonly type: Type;
  readonly at: Timestamp;
  readonly location: LocationId;
  readonly sku: Sku;
}

export interface ReceiveStock extends To<"ReceiveStock"> {
  readonly quantity: number;
  readonly reference?: string | undefined;
}
export interface AdjustStock extends To<"AdjustStock"> {
  /** Pieces found (positive) or missing (negative). */
  readonly delta: number;
  readonly reason: string;
}
export interface SetBackorderPolicy extends To<"SetBackorderPolicy"> {
  readonly allowBackorder: boolean;
}
export interface ReserveStock extends To<"ReserveStock"> {
  readonly reservationId: ReservationId;
  readonly quantity: number;
  readonly expiresAt: Timestamp | null;
  readonly orderId?: OrderId | undefined;
}
export interface ReleaseReservation extends To<"ReleaseReservation"> {
  readonly reservationId: ReservationId;
  readonly reason: string;
}
/** The whole reservation leaves the house. */
export interface ShipStock extends To<"ShipStock"> {
  readonly reservationId: ReservationId;
}
/** Only notices what has expired; for an article that nobody else asks about. */
export type LapseReservations = To<"LapseReservations">;

export type StockCommand =
  ReceiveStock | AdjustStock | SetBackorderPolicy | ReserveStock | ReleaseReservation | ShipStock | LapseReservations;

export const stock: Aggregate<StockCommand, InventoryEvent, StockState> = {
  category: "stock",
  initialState: noStock,
  /** Every command first notices which reservations have expired by then, and is decided on what is left. */
  decide(command, state) {
    const lapses = lapsed(command, state);
    const decision = decideOn(command, lapses.reduce(evolveStock, state));
    return decision instanceof DomainError ? decision : [...lapses, ...decision];
  },
  evolve: evolveStock,
  snapshot: stockSnapshot,
};

function lapsed({ location, sku, at }: StockCommand, state: StockState): InventoryEvent[] {
  return expired(state, at).map((reservationId) => {
    const quantity = reservationOf(state, reservationId)?.quantity ?? 0;
    return {
      type: "ReservationLapsed",
      data: { location, sku, reservationId: reservationId as ReservationId, quantity },
    };
  });
}

function decideOn(command: StockCommand, state: StockState): Decision<InventoryEvent> {
  switch (command.type) {
    case "ReceiveStock":
      return receive(command);
    case "AdjustStock":
      return adjust(command, state);
    case "SetBackorderPolicy":
      return setBackorderPolicy(command, state);
    case "ReserveStock":
      return reserve(command, state);
    case "ReleaseReservation":
      return release(command, state);
    case "ShipStock":
      return ship(command, state);
    case "LapseReservations":
      return [];
  }
}

function receive({ location, sku, quantity, reference }: ReceiveStock): Decision<InventoryEvent> {
  const data = { location, sku, quantity, ...(reference === undefined ? {} : { reference }) };
  return [{ type: "StockReceived", data }];
}

/** Pieces that are promised cannot be written off, unless the SKU may be sold before it is there. */
function adjust({ location, sku, delta, reason }: AdjustStock, state: StockState): Decision<InventoryEvent> {
  if (delta < 0 && !state.allowBackorder && available(state) + delta < 0) {
    return conflict("insufficient-stock", `Only ${available(state)} pieces of ${sku} are not reserved.`, {
      sku,
      location,
      available: available(state),
      delta,
    });
  }
  return [{ type: "StockAdjusted", data: { location, sku, delta, reason } }];
}

/** What was promised under the old policy stays promised. */
function setBackorderPolicy(command: SetBackorderPolicy, state: StockState): Decision<InventoryEvent> {
  const { location, sku, allowBackorder } = command;
  if (allowBackorder === state.allowBackorder) return [];
  return [{ type: "BackorderPolicySet", data: { location, sku, allowBackorder } }];
}

/** Never more than is available, unless the SKU may be sold before it is there. */
function reserve(command: ReserveStock, state: StockState): Decision<InventoryEvent> {
  const { location, sku, reservationId, quantity, expiresAt, orderId } = command;
  const known = reservationOf(state, reservationId);
  if (known !== undefined) {
    if (known.quantity === quantity) return [];
    return conflict("reservation-exists", `Reservation ${reservationId} holds another quantity.`, {
      reservationId,
      quantity: known.quantity,
    });
  }
  if (!state.allowBackorder && quantity > available(state)) {
    const left = Math.max(0, available(state));
    return conflict("out-of-stock", `Only ${left} pieces of ${sku} are available.`, {
      sku,
      available: left,
      requested: quantity,
    });
  }
  const data = { location, sku, reservationId, quantity, expiresAt, ...(orderId === undefined ? {} : { orderId }) };
  return [{ type: "StockReserved", data }];
}

/** A reservation that is not there (any more) has nothing to release. */
function release(command: ReleaseReservation, state: StockState): Decision<InventoryEvent> {
  const { location, sku, reservationId, reason } = command;
  const known = reservationOf(state, reservationId);
  if (known === undefined) return [];
  const { quantity } = known;
  return [{ type: "ReservationReleased", data: { location, sku, reservationId, quantity, reason } }];
}

/**
 * Only what is reserved is shipped, and only what is there; where backorder is allowed the books may lag behind the
 * shelf and on hand go below zero.
 */
function ship({ location, sku, reservationId }: ShipStock, state: StockState): Decision<InventoryEvent> {
  const known = reservationOf(state, reservationId);
  if (known === undefined) {
    return notFound("reservation-not-found", `There is no open reservation ${reservationId} of ${sku}.`, {
      sku,
      reservationId,
    });
  }
  const { quantity } = known;
  if (quantity > state.onHand && !state.allowBackorder) {
    return conflict("insufficient-stock", `Only ${state.onHand} pieces of ${sku} are on hand.`, {
      sku,
      location,
      onHand: state.onHand,
      requested: quantity,
    });
  }
  return [{ type: "StockShipped", data: { location, sku, reservationId, quantity } }];
}
