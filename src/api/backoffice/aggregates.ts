import { category, claim, product } from "../../domains/catalog";
import { cart } from "../../domains/cart";
import { available, stock, type StockState } from "../../domains/inventory";
import { type Aggregate, type DomainEvent, hashTrie, type Recorded } from "../../domains/kernel";
import { type CheckoutEvent, checkoutProcess, type CheckoutState, importRow, order } from "../../domains/ordering";
import { payment } from "../../domains/payment";
import { price, type PriceState } from "../../domains/pricing";
import { forgetting } from "../../domains/privacy";
import { country, currency, taxrate } from "../../domains/reference";
import { type CommandHandler } from "../../infra/runtime";

/** How the history of one kind of aggregate becomes a state that people can read. */
export interface Foldable {
  readonly initialState: unknown;
  evolve(state: unknown, event: Recorded): unknown;
  /** As plain JSON. */
  readable(state: unknown): unknown;
  /** As it is now; its revision is -1 when it does not exist. */
  load(commands: CommandHandler, id: string): Promise<{ readonly state: unknown; readonly revision: number }>;
}

function foldable<C, E extends DomainEvent, S>(
  aggregate: Aggregate<C, E, S>,
  readable: (state: S) => unknown = (state) => state,
): Foldable {
  return {
    initialState: aggregate.initialState,
    // A stream of the category has this aggregate's events and no others.
    evolve: (state, event) => aggregate.evolve(state as S, event as unknown as E),
    readable: (state) => readable(state as S),
    load: (commands, id) => commands.load(aggregate, id),
  };
}

const { category: checkoutCategory, initialState, evolve } = checkoutProcess();
/** A process is no aggregate, but its stream is folded like one. */
const checkout: Aggregate<never, CheckoutEvent, CheckoutState> = {
  category: checkoutCategory,
  initialState,
  evolve,
  decide: () => [],
};

/** By category of stream. */
export const foldables: ReadonlyMap<string, Foldable> = new Map<string, Foldable>([
  ["product", foldable(product)],
  ["category", foldable(category)],
  ["claim", foldable(claim)],
  ["price", foldable(price, readablePrices)],
  ["stock", foldable(stock, readableStock)],
  ["cart", foldable(cart)],
  ["order", foldable(order)],
  ["payment", foldable(payment)],
  ["checkout", foldable(checkout)],
  ["currency", foldable(currency)],
  ["country", foldable(country)],
  ["taxrate", foldable(taxrate)],
  ["importrow", foldable(importRow)],
  ["forgetting", foldable(forgetting)],
]);

function readableStock(state: StockState): unknown {
  const { onHand, reserved, allowBackorder, open } = state;
  const reservations = Object.fromEntries([...hashTrie.entries(open)].sort(byKey));
  return { onHand, reserved, available: available(state), allowBackorder, reservations };
}

function readablePrices({ prices, latest }: PriceState): unknown {
  const all = [...hashTrie.entries(prices)].sort(byKey);
  return { prices: all.map(([, { entry, withdrawn }]) => ({ ...entry, withdrawn })), latest };
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
