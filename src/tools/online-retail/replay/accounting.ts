import { invoiceOf, type ReplayCart } from "./carts";
import { type Movements } from "./movements";

/** An order of the shop, as its back office lists it. */
export interface ShopOrder {
  readonly id: string;
  readonly status: string;
  readonly email: string | null;
  /** Different articles. */
  readonly lineCount: number;
  readonly pieces: number;
}

/** The stock of one SKU where the shop sells from. */
export interface StockLevel {
  readonly sku: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
}

export interface Books {
  readonly run: string;
  readonly carts: readonly ReplayCart[];
  /** All orders of the shop, not those of the run alone: stock is shared. */
  readonly orders: readonly ShopOrder[];
  readonly levels: readonly StockLevel[];
  readonly movements: Movements;
}

/** What the books say; the replay adds up when `faults` is empty. */
export interface Accounting {
  readonly invoices: number;
  readonly confirmed: number;
  readonly cancelled: number;
  readonly articles: number;
  /** Pieces over all articles of the carts. */
  readonly received: number;
  readonly shipped: number;
  readonly reserved: number;
  readonly available: number;
  /** Each a sentence; the first hundred. */
  readonly faults: readonly string[];
  readonly faultCount: number;
}

/** A list of faults is for people: nobody reads more. */
const SHOWN = 100;

/** An order that may hold stock: reserved, and not shipped yet. */
const HOLDS = new Set(["placed", "confirmed"]);

/**
 * Holds the shop's books against the file: every invoice has become exactly one order, confirmed or cancelled; one that
 * is confirmed holds (or has shipped) what its invoice says, piece by piece, and one that is cancelled nothing; and for
 * every article received − shipped − reserved by orders that stand = available.
 */
export function account(books: Books): Accounting {
  const faults: string[] = [];
  const { confirmed, cancelled } = checkOrders(books, faults);
  const sums = checkStock(books, faults);
  return {
    invoices: books.carts.length,
    confirmed,
    cancelled,
    ...sums,
    faults: faults.slice(0, SHOWN),
    faultCount: faults.length,
  };
}

function checkOrders({ run, carts, orders, movements }: Books, faults: string[]) {
  const byInvoice = new Map<string, ShopOrder[]>();
  for (const order of orders) {
    const invoice = invoiceOf(order.email, run);
    if (invoice === undefined) continue;
    const known = byInvoice.get(invoice);
    if (known) known.push(order);
    else byInvoice.set(invoice, [order]);
  }
  let confirmed = 0;
  let cancelled = 0;
  for (const { invoice, lines } of carts) {
    const [order, ...more] = byInvoice.get(invoice) ?? [];
    if (order === undefined) {
      faults.push(`Invoice ${invoice} has become no order.`);
      continue;
    }
    const told = `Order ${order.id} of invoice ${invoice}`;
    if (more.length > 0) faults.push(`Invoice ${invoice} has become ${more.length + 1} orders.`);
    if (order.lineCount !== lines.length || order.pieces !== piecesOf(lines))
      faults.push(`${told} has other lines than its invoice.`);
    const taken = movements.takenBy(order.id);
    switch (order.status) {
      case "confirmed":
      case "completed":
        confirmed++;
        if (!sameLines(lines, taken)) faults.push(`${told} is ${order.status}, but its stock is not what it sold.`);
        break;
      case "cancelled":
        cancelled++;
        if (taken.length > 0) faults.push(`${told} is cancelled, but holds stock of ${taken[0]?.sku ?? ""}.`);
        break;
      default:
        faults.push(`${told} is ${order.status}, neither confirmed nor cancelled.`);
    }
  }
  return { confirmed, cancelled };
}

type Lines = readonly { readonly sku: string; readonly quantity: number }[];

const piecesOf = (lines: Lines): number => lines.reduce((sum, { quantity }) => sum + quantity, 0);

/** The same pieces of the same articles, in whatever order. */
export function sameLines(a: Lines, b: Lines): boolean {
  const left = new Map(a.map(({ sku, quantity }) => [sku, quantity]));
  return a.length === b.length && b.every(({ sku, quantity }) => left.get(sku) === quantity);
}

function checkStock({ carts, orders, levels, movements }: Books, faults: string[]) {
  const held = new Map<string, number>();
  for (const { id, status } of orders) {
    if (!HOLDS.has(status)) continue;
    for (const { sku, quantity } of movements.heldBy(id)) held.set(sku, (held.get(sku) ?? 0) + quantity);
  }
  const known = new Map(levels.map((level) => [level.sku, level]));
  const skus = new Set(carts.flatMap(({ lines }) => lines.map(({ sku }) => sku)));
  const sums = { articles: skus.size, received: 0, shipped: 0, reserved: 0, available: 0 };
  for (const sku of skus) {
    const level = known.get(sku) ?? { sku, onHand: 0, reserved: 0, available: 0 };
    const { received, shipped } = movements.of(sku);
    const reserved = held.get(sku) ?? 0;
    sums.received += received;
    sums.shipped += shipped;
    sums.reserved += reserved;
    sums.available += level.available;
    if (level.onHand !== received - shipped)
      faults.push(`${sku}: ${level.onHand} on hand, but ${received} received and ${shipped} shipped.`);
    if (level.reserved !== reserved)
      faults.push(`${sku}: ${level.reserved} reserved, but orders that stand hold ${reserved}.`);
    if (level.available !== received - shipped - reserved)
      faults.push(`${sku}: ${level.available} available, not ${received} − ${shipped} − ${reserved}.`);
  }
  return sums;
}
