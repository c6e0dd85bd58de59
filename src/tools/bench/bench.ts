import { randomUUID } from "node:crypto";
import { Figures, ShopClient } from "../http";
import { type Assortment, assortmentOf } from "./assortment";
import { type Goal, judged, type Result } from "./goals";
import { measure } from "./measure";
import { addItems, checkouts, productLists, productPages, stockUp } from "./scenarios";

export interface BenchOptions {
  readonly url: string;
  /** Back-office API key: stock is received for what is ordered. */
  readonly key: string;
  /** Length of each measurement. */
  readonly seconds: number;
  /** Before each of them; up to three seconds when absent. */
  readonly warmUp?: number;
  /** How many do it at once, instead of what the goals are for. */
  readonly atOnce?: number;
  readonly signal?: AbortSignal;
  /** Told what is being measured now. */
  readonly progress?: (name: string) => void;
}

/** As the shop's makers set them, for two cores with the default stores. */
const GOALS = {
  addItem: { rate: 1_000, median: 8 },
  checkout: { rate: 200 },
  read: { rate: 3_000 },
} as const satisfies Record<string, Goal>;

const SHOPPERS = 16;
const CHECKOUT_SHOPPERS = 32;
const READERS = 16;
/** Articles that the bench orders: enough that they do not all queue for the same stock. */
const ORDERED_ARTICLES = 100;
/** More orders a second than any machine places. */
const CEILING = 2_000;

/** Measures a running shop. */
export async function runBench(options: BenchOptions): Promise<readonly Result[]> {
  const { url, key, seconds, signal, progress, warmUp = Math.min(3, Math.max(1, seconds / 3)) } = options;
  const figures = new Figures();
  const connections = Math.max(SHOPPERS, CHECKOUT_SHOPPERS, READERS);
  const client = new ShopClient({ url, connections, figures, patience: 15_000, signal });
  const results: Result[] = [];
  const run = async (
    name: string,
    concurrency: number,
    step: (worker: number) => Promise<number | undefined>,
    goal?: Goal,
    other?: Result,
  ): Promise<Result> => {
    progress?.(name);
    const measured = await measure({ concurrency: options.atOnce ?? concurrency, warmUp, seconds, step, signal });
    const result = judged(name, measured, goal, other);
    results.push(result);
    return result;
  };
  try {
    const shop = await assortmentOf(client);
    await run("product list", READERS, productLists(client, shop), GOALS.read);
    await run("product page", READERS, productPages(client, shop), GOALS.read);
    const keyless = await run("add item", SHOPPERS, addItems(client, shop), GOALS.addItem);
    // What a key costs.
    await run("add item, with Idempotency-Key", SHOPPERS, addItems(client, shop, randomUUID()), undefined, keyless);
    const { skus, token } = await prepareOrders(client, key, shop, seconds + warmUp);
    const whole = await run("whole checkout", CHECKOUT_SHOPPERS, checkouts(client, shop, skus, token), GOALS.checkout);
    results.push(judged("  its last request alone", { ...whole, latency: figures.latency("checkout") }));
    return results;
  } finally {
    await client.close();
  }
}

async function prepareOrders(client: ShopClient, key: string, { products }: Assortment, seconds: number) {
  const skus = [...new Set(products.map(({ sku }) => sku))].slice(0, ORDERED_ARTICLES);
  const quantity = Math.ceil((CEILING * 2 * seconds) / skus.length);
  return { skus, token: await stockUp(client, key, skus, Math.min(quantity, 1_000_000)) };
}
