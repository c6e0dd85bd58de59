import { inFlight } from "../../in-flight";
import { BackOffice, type Latency, ShopClient, ShopUnreachable } from "../../http";
import { classify, type Plan } from "../classify";
import { type RawRow, readRows } from "../rows";
import { type Accounting } from "./accounting";
import { audit } from "./audit";
import { shopOrders } from "./books";
import { cartsOf, invoiceOf, type LineCount, type ReplayCart } from "./carts";
import { shop } from "./journey";
import { supply, supplyOf } from "./supply";

export interface ReplayOptions {
  /** Where the shop is; a function is asked again whenever it cannot be reached. */
  readonly url: string | (() => string | undefined);
  /** Back-office API key. */
  readonly key: string;
  /** `online-retail.csv` or `.csv.gz`, or what was read from it. */
  readonly source: string | Plan;
  /** Name of the run: 1 to 40 of a-z, 0-9 and `-`. What the same run has done before is not done again. */
  readonly run: string;
  /** Sales invoices, from the first on; all when absent. */
  readonly invoices?: number | undefined;
  /** Shoppers at once. */
  readonly concurrency: number;
  /** How long a shop that cannot be reached is waited for, in ms; two minutes when absent. */
  readonly patience?: number;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((phase: ReplayPhase, done: number, total: number) => void) | undefined;
}

export type ReplayPhase = "read" | "supply" | "shop" | "audit";

export interface ReplayReport {
  readonly run: string;
  /** Sales invoices that became carts. */
  readonly invoices: number;
  /** Invoices with nothing on them that can be bought. */
  readonly withoutGoods: number;
  readonly lines: Readonly<LineCount>;
  /** Invoices whose order an earlier start of this run has placed. */
  readonly before: number;
  /** Orders placed by this start. */
  readonly orders: number;
  /** Of the shopping alone. */
  readonly seconds: number;
  readonly ordersPerSecond: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds, per kind of request. */
  readonly latencies: Readonly<Record<string, Latency>>;
  /** Requests that were sent again, by reason. */
  readonly retries: Readonly<Record<string, number>>;
  /** Invoices that the shop did not take, and why; the first hundred. */
  readonly refused: readonly { readonly invoice: string; readonly reason: string }[];
  readonly refusedCount: number;
  readonly accounting: Accounting;
  /** Nothing was refused and the books are right. */
  readonly addsUp: boolean;
}

const PATIENCE = 120_000;
const SHOWN = 100;
const OFFICE_CONNECTIONS = 8;

/**
 * Drives the sales invoices of the file through the front door of a running shop, in the order of their time, and then
 * holds the shop's books against the file. Every request carries a key that follows from run and invoice, so that a
 * replay that was interrupted, or whose shop was, goes on as if nothing had happened.
 * @throws ShopUnreachable when patience is over, UnusableFile when the file cannot be read
 */
export async function replayOnlineRetail(options: ReplayOptions): Promise<ReplayReport> {
  const { url, key, source, run, concurrency, patience = PATIENCE, signal, progress } = options;
  if (!isRunName(run)) throw new Error(`A run's name is 1 to 40 of a-z, 0-9 and -, not ${run}`);
  const plan = typeof source === "string" ? await read(source, options) : source;
  const { carts, withoutGoods, lines } = cartsOf(plan, options.invoices);
  const client = new ShopClient({ url, connections: concurrency, patience, signal });
  const own = new ShopClient({ url, connections: OFFICE_CONNECTIONS, patience, signal });
  const office = new BackOffice(own, key, patience);
  try {
    const done = await ordersBefore(office, run);
    const open = carts.filter(({ invoice }) => !done.has(invoice));
    const supplied = (part: number, total: number) => progress?.("supply", part, total);
    const token = open.length === 0 ? undefined : await supply(office, supplyOf(plan, carts), run, supplied);
    const shopping = await shopAll(open, { client, run, token, patience, concurrency, signal, progress });
    progress?.("audit", 0, 1);
    const accounting = await audit(office, { run, carts, patience, signal });
    progress?.("audit", 1, 1);
    const { refused } = shopping;
    return {
      run,
      invoices: carts.length,
      withoutGoods,
      lines,
      before: carts.length - open.length,
      ...shopping,
      refused: refused.slice(0, SHOWN),
      refusedCount: refused.length,
      accounting,
      addsUp: refused.length === 0 && accounting.faultCount === 0,
    };
  } finally {
    await Promise.all([client.close(), own.close()]);
  }
}

export const isRunName = (text: string): boolean => /^[a-z0-9-]{1,40}$/.test(text);

const read = (file: string, { signal, progress }: ReplayOptions): Promise<Plan> =>
  classify(readRows(file, { signal, read: (bytes, total) => progress?.("read", bytes, total) }));

/** What the first rows of a file say, for a short replay that does not want to read it all. */
export async function planOf(file: string, rows: number): Promise<Plan> {
  const first: RawRow[] = [];
  for await (const row of readRows(file)) {
    if (first.length === rows) break;
    first.push(row);
  }
  return classify(first);
}

/** The invoices whose order is there and decided. */
async function ordersBefore(office: BackOffice, run: string): Promise<ReadonlySet<string>> {
  const done = new Set<string>();
  for await (const { email, status } of shopOrders(office)) {
    const invoice = invoiceOf(email, run);
    if (invoice !== undefined && status !== "placed") done.add(invoice);
  }
  return done;
}

interface Shopping {
  readonly client: ShopClient;
  readonly run: string;
  readonly token: string | undefined;
  readonly patience: number;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly progress: ReplayOptions["progress"];
}

async function shopAll(carts: readonly ReplayCart[], { concurrency, signal, progress, ...journey }: Shopping) {
  const refused: { invoice: string; reason: string }[] = [];
  const begun = performance.now();
  let orders = 0;
  let done = 0;
  await inFlight(
    carts,
    concurrency,
    async (cart) => {
      try {
        await shop(cart, journey);
        orders++;
      } catch (error) {
        // One invoice that is not taken does not keep the others from shopping; a shop that is gone does.
        if (error instanceof ShopUnreachable || !(error instanceof Error) || signal?.aborted) throw error;
        refused.push({ invoice: cart.invoice, reason: error.message });
      }
      progress?.("shop", ++done, carts.length);
    },
    signal,
  );
  const seconds = (performance.now() - begun) / 1000;
  const { figures } = journey.client;
  return {
    orders,
    seconds,
    ordersPerSecond: orders / seconds,
    requests: figures.requests,
    requestsPerSecond: figures.requests / seconds,
    latencies: figures.latencies(),
    retries: figures.retries(),
    refused,
  };
}
