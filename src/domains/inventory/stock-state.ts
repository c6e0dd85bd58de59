import { hashTrie, millis, type Timestamp } from "../kernel";
import { type InventoryEvent } from "./events";
import { addExpiry, type Expiries, withoutSoonest } from "./expiries";

/**
 * The stock of one SKU at one location. A flash-sale article has thousands of open reservations and takes thousands
 * of commands a second, so every fact is folded in a time that hardly depends on how many there are.
 */
export interface StockState {
  readonly onHand: number;
  /** Pieces of all open reservations together. */
  readonly reserved: number;
  readonly allowBackorder: boolean;
  readonly open: hashTrie.HashTrie<Reservation>;
  readonly expiries: Expiries;
}

export interface Reservation {
  readonly quantity: number;
  readonly expiresAt: Timestamp | null;
}

export const noStock: StockState = {
  onHand: 0,
  reserved: 0,
  allowBackorder: false,
  open: hashTrie.empty,
  expiries: null,
};

/** Pieces that can still be promised; below zero where more is promised than there is (backorder). */
export const available = ({ onHand, reserved }: { readonly onHand: number; readonly reserved: number }): number =>
  onHand - reserved;

export const reservationOf = (state: StockState, reservationId: string): Reservation | undefined =>
  hashTrie.get(state.open, reservationId);

/** The open reservations whose time has passed, soonest first. */
export function expired(state: StockState, at: Timestamp): string[] {
  const moment = millis(at);
  const found = new Set<string>();
  for (let next = state.expiries; next !== null && next.at <= moment; next = withoutSoonest(next)) {
    if (stillHolds(state.open, next)) found.add(next.reservationId);
  }
  return [...found];
}

export function evolveStock(state: StockState, event: InventoryEvent): StockState {
  switch (event.type) {
    case "StockReceived":
      return { ...state, onHand: state.onHand + event.data.quantity };
    case "StockAdjusted":
      return { ...state, onHand: state.onHand + event.data.delta };
    case "BackorderPolicySet":
      return { ...state, allowBackorder: event.data.allowBackorder };
    case "StockReserved":
      return reserved(state, event.data);
    case "ReservationReleased":
    case "ReservationLapsed":
      return ended(state, event.data.reservationId, 0);
    case "StockShipped":
      return ended(state, event.data.reservationId, event.data.quantity);
  }
}

type ReservedData = Extract<InventoryEvent, { type: "StockReserved" }>["data"];

function reserved(state: StockState, { reservationId, quantity, expiresAt }: ReservedData): StockState {
  return {
    ...state,
    reserved: state.reserved + quantity,
    open: hashTrie.put(state.open, reservationId, { quantity, expiresAt }),
    expiries: expiresAt === null ? state.expiries : addExpiry(state.expiries, millis(expiresAt), reservationId),
  };
}

function ended(state: StockState, reservationId: string, shipped: number): StockState {
  const open = hashTrie.remove(state.open, reservationId);
  return {
    ...state,
    onHand: state.onHand - shipped,
    reserved: state.reserved - (reservationOf(state, reservationId)?.quantity ?? 0),
    open,
    expiries: withoutEnded(state.expiries, open),
  };
}

/** Drops ended reservations from the front, so that the next to expire is at hand. */
function withoutEnded(expiries: Expiries, open: StockState["open"]): Expiries {
  let left = expiries;
  while (left !== null && !stillHolds(open, left)) left = withoutSoonest(left);
  return left;
}

/** Open, and not opened anew under the same id with another end. */
function stillHolds(open: StockState["open"], { reservationId, at }: { reservationId: string; at: number }): boolean {
  const expiresAt = hashTrie.get(open, reservationId)?.expiresAt;
  return expiresAt !== undefined && expiresAt !== null && millis(expiresAt) === at;
}
