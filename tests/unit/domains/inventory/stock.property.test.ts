import fc from "fast-check";
import {
  available,
  type InventoryEvent,
  stock,
  type StockCommand,
  type StockState,
} from "../../../../src/domains/inventory";
import {
  DomainError,
  hashTrie,
  type LocationId,
  millis,
  type ReservationId,
  type Sku,
  type Timestamp,
} from "../../../../src/domains/kernel";

const place = { location: "main" as LocationId, sku: "85123A" as Sku };
const start = millis("2026-01-01T00:00:00Z");
const minute = (n: number) => new Date(start + n * 60_000).toISOString() as Timestamp;

/** What to do, a while after the step before. */
interface Step {
  readonly pause: number;
  readonly command: (now: number) => StockCommand;
}

const step: fc.Arbitrary<Step> = fc
  .record({
    pause: fc.integer({ min: 0, max: 5 }),
    kind: fc.constantFrom<StockCommand["type"]>(
      "ReceiveStock",
      "AdjustStock",
      "SetBackorderPolicy",
      "ReserveStock",
      "ReserveStock",
      "ReserveStock",
      "ReleaseReservation",
      "ShipStock",
      "LapseReservations",
    ),
    reservation: fc.integer({ min: 0, max: 9 }),
    quantity: fc.integer({ min: 1, max: 20 }),
    lasts: fc.option(fc.integer({ min: 1, max: 12 })),
    yes: fc.boolean(),
  })
  .map(({ pause, kind, reservation, quantity, lasts, yes }) => ({
    pause,
    command: (now) => {
      const base = { at: minute(now), ...place };
      const reservationId = `r${reservation}` as ReservationId;
      switch (kind) {
        case "ReceiveStock":
          return { type: kind, ...base, quantity };
        case "AdjustStock":
          return { type: kind, ...base, delta: yes ? quantity : -quantity, reason: "counted" };
        case "SetBackorderPolicy":
          return { type: kind, ...base, allowBackorder: yes };
        case "ReserveStock": {
          const expiresAt = lasts === null ? null : minute(now + lasts);
          return { type: kind, ...base, reservationId, quantity, expiresAt };
        }
        case "ReleaseReservation":
          return { type: kind, ...base, reservationId, reason: "cancelled" };
        case "ShipStock":
          return { type: kind, ...base, reservationId };
        case "LapseReservations":
          return { type: kind, ...base };
      }
    },
  }));

/** Every state that the steps lead through, with the events that led to it. */
function run(steps: readonly Step[]) {
  const passed: { now: number; before: StockState; events: readonly InventoryEvent[]; after: StockState }[] = [];
  let state = stock.initialState;
  let now = 0;
  for (const { pause, command } of steps) {
    now += pause;
    const decision = stock.decide(command(now), state);
    if (decision instanceof DomainError) continue;
    const after = decision.reduce(stock.evolve, state);
    passed.push({ now, before: state, events: decision, after });
    state = after;
  }
  return passed;
}

const steps = (withBackorder: boolean) =>
  fc
    .array(step, { maxLength: 120 })
    .map((all) => (withBackorder ? all : all.filter(({ command }) => command(0).type !== "SetBackorderPolicy")));

const delta = (event: InventoryEvent): number => {
  switch (event.type) {
    case "StockReceived":
      return event.data.quantity;
    case "StockAdjusted":
      return event.data.delta;
    case "StockShipped":
      return -event.data.quantity;
    default:
      return 0;
  }
};

describe("stock under any sequence of commands", () => {
  it("is never promised twice: without backorder, available, on hand and reserved stay at zero or above", () => {
    fc.assert(
      fc.property(steps(false), (all) => {
        for (const { after } of run(all)) {
          expect(available(after)).toBeGreaterThanOrEqual(0);
          expect(after.onHand).toBeGreaterThanOrEqual(0);
          expect(after.reserved).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("with backorder switched on and off, no command without it lowers what is available below zero", () => {
    fc.assert(
      fc.property(steps(true), (all) => {
        for (const { before, events, after } of run(all)) {
          if (before.allowBackorder || after.allowBackorder || events.length === 0) continue;
          expect(available(after)).toBeGreaterThanOrEqual(Math.min(0, available(before)));
        }
      }),
    );
  });

  it("adds up: on hand is what came less what went, reserved is the sum of the open reservations", () => {
    fc.assert(
      fc.property(steps(true), (all) => {
        const passed = run(all);
        const onHand = passed.flatMap(({ events }) => events).reduce((total, event) => total + delta(event), 0);
        const last = passed.at(-1)?.after ?? stock.initialState;
        expect(last.onHand).toBe(onHand);
        const open = [...hashTrie.entries(last.open)];
        expect(last.reserved).toBe(open.reduce((total, [, { quantity }]) => total + quantity, 0));
      }),
    );
  });

  it("ends every reservation once, and keeps none open beyond its end", () => {
    fc.assert(
      fc.property(steps(true), (all) => {
        const open = new Map<string, number | null>();
        for (const { now, events } of run(all)) {
          for (const event of events) {
            if (event.type === "StockReserved") {
              expect(open.has(event.data.reservationId)).toBe(false);
              open.set(event.data.reservationId, event.data.expiresAt === null ? null : millis(event.data.expiresAt));
            } else if ("reservationId" in event.data) {
              expect(open.delete(event.data.reservationId)).toBe(true);
            }
          }
          for (const end of open.values()) expect(end ?? Infinity).toBeGreaterThan(millis(minute(now)));
        }
      }),
    );
  });
});

describe("a snapshot of stock", () => {
  const { snapshot } = stock;
  if (snapshot === undefined) throw new Error("stock has no snapshots");
  const restored = (state: StockState) => snapshot.decode(JSON.parse(JSON.stringify(snapshot.encode(state))));

  it("goes on as the state that it was made of, wherever it is made", () => {
    fc.assert(
      fc.property(steps(true), fc.nat(120), (all, at) => {
        let state = stock.initialState;
        let now = 0;
        for (const [n, { pause, command }] of all.entries()) {
          now += pause;
          const decision = stock.decide(command(now), state);
          if (n >= at) expect(stock.decide(command(now), restored(state))).toEqual(decision);
          if (decision instanceof DomainError) continue;
          const after = decision.reduce(stock.evolve, state);
          if (n >= at)
            expect(snapshot.encode(decision.reduce(stock.evolve, restored(state)))).toEqual(snapshot.encode(after));
          state = after;
        }
      }),
    );
  });

  it("is refused where it is not what a snapshot is", () => {
    expect(() => snapshot.decode({ onHand: 1, reserved: 0, allowBackorder: false })).toThrow();
  });
});

describe("a hot article", () => {
  it("folds 95,000 events with thousands of open reservations in about 10 µs each", () => {
    const reservedOf = (n: number): InventoryEvent => ({
      type: "StockReserved",
      data: {
        ...place,
        reservationId: `order-${n}` as ReservationId,
        quantity: 1,
        expiresAt: n % 2 ? minute(n) : null,
      },
    });
    const shippedOf = (n: number): InventoryEvent => ({
      type: "StockShipped",
      data: { ...place, reservationId: `order-${n}` as ReservationId, quantity: 1 },
    });
    const began = process.cpuUsage();
    let state = stock.initialState;
    for (let n = 0; n < 50_000; n++) {
      state = stock.evolve(state, reservedOf(n));
      if (n >= 5_000) state = stock.evolve(state, shippedOf(n - 5_000));
    }
    expect(state.reserved).toBe(5_000);
    expect(state.open.size).toBe(5_000);
    // Under 1 s; copying 5,000 entries per event would take more than a minute. What others compute meanwhile counts not.
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(10_000);
  });
});
