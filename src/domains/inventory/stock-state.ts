import { z } from "zod";
import { hashTrie, millis, type SnapshotForm, type Timestamp } from "../kernel";
import { type InventoryEvent } from "./events";
import { addExpiry, type Expiries, expiriesOf, withoutSoonest } from "./expiries";
import { type Level, levelAfter, noLevel } from "./level";

/**
 * The stock of one SKU at one location. A flash-sale article has thousands of open reservations and takes thousands
 * of commands a second, so every fact is folded in a time that hardly depends on how many there are.
 */
export interface StockState extends Level {
  readonly open: hashTrie.HashTrie<Reservation>;
  readonly expiries: Expiries;
}

export interface Reservation {
  readonly quantity: number;
  readonly expiresAt: Timestamp | null;
}

export const noStock: StockState = { ...noLevel, open: hashTrie.empty, expiries: null };

export const reservationOf = (state: StockState, reservationId: string): Reservation | undefined =>
  hashTrie.get(state.open, reservationId);

/** The open reservations whose time has passed, soonest first; by their ids where that is one moment. */
export function expired(state: StockState, at: Timestamp): string[] {
  const moment = millis(at);
  const found = new Map<string, number>();
  for (let next = state.expiries; next !== null && next.at <= moment; next = withoutSoonest(next)) {
    if (stillHolds(state.open, next)) found.set(next.reservationId, next.at);
  }
  return [...found].sort(bySoonest).map(([id]) => id);
}

const bySoonest = ([a, since]: readonly [string, number], [b, from]: readonly [string, number]): number =>
  since - from || (a < b ? -1 : 1);

export const evolveStock = (state: StockState, event: InventoryEvent): StockState => ({
  ...levelAfter(state, event),
  ...reservationsAfter(state, event),
});

type Reservations = Pick<StockState, "open" | "expiries">;

function reservationsAfter({ open, expiries }: StockState, event: InventoryEvent): Reservations {
  switch (event.type) {
    case "StockReceived":
    case "StockAdjusted":
    case "BackorderPolicySet":
      return { open, expiries };
    case "StockReserved": {
      const { reservationId, quantity, expiresAt } = event.data;
      return {
        open: hashTrie.put(open, reservationId, { quantity, expiresAt }),
        expiries: expiresAt === null ? expiries : addExpiry(expiries, millis(expiresAt), reservationId),
      };
    }
    case "ReservationReleased":
    case "ReservationLapsed":
    case "StockShipped": {
      const left = hashTrie.remove(open, event.data.reservationId);
      return { open: left, expiries: withoutEnded(expiries, left) };
    }
  }
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

/** As JSON: what is open tells when it expires. */
const stored = z.object({
  onHand: z.int(),
  reserved: z.int(),
  allowBackorder: z.boolean(),
  open: z.array(z.tuple([z.string(), z.int(), z.string().nullable()])),
});

export const stockSnapshot: SnapshotForm<StockState> = {
  version: 1,
  encode: ({ onHand, reserved, allowBackorder, open }) => ({
    onHand,
    reserved,
    allowBackorder,
    open: [...hashTrie.entries(open)].map(([id, { quantity, expiresAt }]) => [id, quantity, expiresAt]),
  }),
  decode(json) {
    const { open, ...level } = stored.parse(json);
    const expiring = open.flatMap(([id, , expiresAt]): [string, number][] =>
      expiresAt === null ? [] : [[id, millis(expiresAt as Timestamp)]],
    );
    return {
      ...level,
      open: hashTrie.from(
        open.map(([id, quantity, expiresAt]) => [id, { quantity, expiresAt: expiresAt as Timestamp | null }] as const),
      ),
      expiries: expiriesOf(expiring.sort(bySoonest).map(([id, at]) => [at, id] as const)),
    };
  },
};
