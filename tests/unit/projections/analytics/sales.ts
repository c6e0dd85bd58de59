import { type Sale } from "../../../../src/domains/cart/events";
import {
  type DomainEvent,
  type Feed,
  type FeedRow,
  type OrderId,
  type Sku,
  type Timestamp,
} from "../../../../src/domains/kernel";
import { type ImportedDocument, type ImportedLine, type OrderEvent } from "../../../../src/domains/ordering/events";
import { log } from "../../../support/fold";
import { address, cartId, GB, GBP, line, orderId, owner, paymentId, productId, standard } from "../../domains/cart/fixtures"; // prettier-ignore

/** The rows of a feed after the events of one stream. */
export const rowsOf = <E extends DomainEvent>(feed: Feed<E>, ...events: readonly E[]): FeedRow[] =>
  log(...events.map((event): [string, E] => ["any-1", event])).flatMap((event) => [...feed.rows(event)]);

/** When the first, second, … event of {@link rowsOf} happens. */
export const second = (n: number): string => `2026-01-01T00:00:0${n}.000Z`;

/** Amounts as whole millionths: reckoned otherwise than in the feed. */
export function millionths(amount: string): bigint {
  const [whole = "", fraction = ""] = amount.replace("-", "").split(".");
  const size = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
  return amount.startsWith("-") ? -size : size;
}

export const sumOf = (rows: readonly FeedRow[]): bigint =>
  rows.reduce((sum, { amount }) => (typeof amount === "string" ? sum + millionths(amount) : sum), 0n);

export const soldLine = (name: string, quantity: number, unitPrice: string, total: string): Sale["lines"][number] => ({
  lineId: line(name),
  sku: name as Sku,
  productId,
  name: `A ${name}`,
  quantity,
  unitPrice,
  total,
  taxCategory: "standard",
  taxRate: "0.20",
});

export const sale: Sale = {
  owner,
  currency: GBP,
  country: GB,
  email: "ada@example.org",
  shippingAddress: address(GB),
  shippingMethod: standard("3.95"),
  lines: [soldLine("MUG", 4, "2.55", "10.20"), soldLine("TIN", 3, "0.125", "0.38")],
  totals: { items: "10.58", shipping: "3.95", tax: "2.42", grand: "14.53" },
  taxIncluded: true,
};

const named = { orderId, number: "7KQ2-M0XC-4T" };
const payment = { method: "test", token: "tok_approve" };
export const placed: OrderEvent = { type: "OrderPlaced", data: { ...named, cartId, paymentId, ...sale, payment } };
export const confirmed = (sold: Sale = sale): OrderEvent => ({ type: "OrderConfirmed", data: { ...named, ...sold } });
export const cancelled = (sold: Sale = sale): OrderEvent => ({
  type: "OrderCancelled",
  data: { ...named, reason: "changed mind", wasConfirmed: true, sale: sold },
});
export const cancelledBefore: OrderEvent = {
  type: "OrderCancelled",
  data: { ...named, reason: "out-of-stock", note: "Only 1 left.", wasConfirmed: false },
};
export const completed: OrderEvent = { type: "OrderCompleted", data: named };

export const importedLine = (quantity: number, unitPrice: string, more: Partial<ImportedLine> = {}): ImportedLine => ({
  sku: "85123A",
  name: "WHITE HANGING HEART T-LIGHT HOLDER",
  quantity,
  unitPrice,
  kind: "merchandise",
  ...more,
});

export const document = (lines: readonly ImportedLine[], more: Partial<ImportedDocument> = {}): ImportedDocument => ({
  orderId: "99999999-9999-4999-8999-999999999999" as OrderId,
  number: "536365",
  source: "online-retail",
  customer: "17850",
  country: "EIRE",
  countryCode: null,
  currency: GBP,
  lines: [...lines],
  ...more,
});

export const later = "2010-12-01T08:27:00.000Z" as Timestamp;
