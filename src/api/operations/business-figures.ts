import { type Collection } from "mongodb";
import { type Figure, type Metrics } from "../../infra/observability";
import { type ConsumerState, keptFor, orElse } from "../../infra/runtime";
import { type CartDocument } from "../../projections/cart";
import { ordersByState, type TotalsDocument } from "../../projections/analytics";
import { isOwn } from "./figures";

/** What the figures of the business need of the engine. */
export interface BusinessEngine {
  readonly readModelStates: readonly {
    readonly context: string;
    readonly name: string;
    readonly partitions: readonly Pick<ConsumerState, "status">[];
  }[];
  readonly models: {
    get(
      context: string,
      name: string,
    ): {
      readonly ready: boolean;
      readonly collection: Collection<{ readonly _id: string }>;
      get(id: string): Promise<unknown>;
    };
  };
}

/** A database that does not answer in this time, in ms, does not hold up the other figures. */
const PATIENCE = 1_500;
/** How long a count of the carts that nobody has touched is good for, in ms. */
const KEPT = 30_000;

const NOTHING: Omit<TotalsDocument, "_id"> = { counts: {}, revenue: {} };

/**
 * Offers the figures of the business. They are read from read models, which hold each event once, so that they neither
 * begin anew with a process nor count twice with several. Whoever works on the read model, or stands by for it, says them.
 * @param abandonedAfter ms without a change after which an open cart is taken to be abandoned
 */
export function registerBusinessFigures(metrics: Metrics, engine: BusinessEngine, abandonedAfter: number): void {
  const totals = (id: TotalsDocument["_id"], figures: (totals: typeof NOTHING) => readonly Figure[]) => async () => {
    // Only where it is one's own: nobody asks for the read model of another context.
    if (stateOf(engine, "analytics", "totals") === undefined) return [];
    const model = engine.models.get("analytics", "totals");
    if (!model.ready) return [];
    const document = await orElse(model.get(id) as Promise<TotalsDocument | undefined>, PATIENCE, null);
    return document === null ? [] : figures(document ?? NOTHING);
  };
  metrics.gauge({
    name: "orders",
    help: "Orders by the state that they are in.",
    labels: ["state"],
    read: totals("orders", (all) => byState(ordersByState(all))),
  });
  metrics.counter({
    name: "order_steps_total",
    help: "Orders placed, confirmed, completed, cancelled and imported, ever.",
    labels: ["step"],
    read: totals("orders", ({ counts }) => bySteps(counts)),
  });
  metrics.gauge({
    name: "revenue",
    help: "What confirmed and imported orders come to, less those cancelled afterwards, ever.",
    labels: ["currency"],
    read: totals("orders", ({ revenue }) =>
      Object.entries(revenue).map(([currency, amount]) => ({ labels: { currency }, value: Number(amount) })),
    ),
  });
  metrics.counter({
    name: "cart_steps_total",
    help: "Carts opened, checked out and given up by their shoppers, ever.",
    labels: ["step"],
    read: totals("carts", ({ counts }) => bySteps(counts)),
  });
  const abandoned = keptFor(KEPT, () =>
    engine.models
      .get("cart", "carts")
      .collection.countDocuments(abandonedCarts(new Date(Date.now() - abandonedAfter)), { maxTimeMS: 10_000 }),
  );
  metrics.gauge({
    name: "carts_abandoned",
    help: "Open carts that nobody has changed for CART_ABANDONED_AFTER, now; those that come back to life are none.",
    async read() {
      const [first] = stateOf(engine, "cart", "carts") ?? [];
      if (!first || !isOwn(first) || !engine.models.get("cart", "carts").ready) return [];
      const count = await orElse(abandoned(), PATIENCE, null);
      return count === null ? [] : count;
    },
  });
}

const stateOf = ({ readModelStates }: BusinessEngine, context: string, name: string) =>
  readModelStates.find((work) => work.context === context && work.name === name)?.partitions;

const byState = (counts: Readonly<Record<string, number>>): readonly Figure[] =>
  Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }));

const bySteps = (counts: Readonly<Record<string, number>>): readonly Figure[] =>
  Object.entries(counts).map(([step, value]) => ({ labels: { step }, value }));

/** Answered by the read model's index alone. */
const abandonedCarts = (before: Date): Record<string, unknown> => ({
  "cart.status": "open" satisfies CartDocument["cart"]["status"],
  updatedAt: { $lt: before.toISOString() },
});
