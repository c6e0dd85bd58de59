import { type BackOffice } from "../../http";
import { type Plan } from "../classify";
import { CURRENCY } from "../documents";
import { slugOf } from "../titles";
import { type ReplayCart } from "./carts";

/** An article that the carts ask for. */
export interface SupplyArticle {
  readonly sku: string;
  readonly title: string;
  readonly slug: string;
  /** In the currency of the data set. */
  readonly price: string;
  /** Pieces that all carts together ask for. */
  readonly quantity: number;
}

/** What a shop must have before the carts can be bought, sorted by SKU. */
export function supplyOf({ articles }: Plan, carts: readonly ReplayCart[]): readonly SupplyArticle[] {
  const needed = new Map<string, number>();
  for (const { lines } of carts)
    for (const { sku, quantity } of lines) needed.set(sku, (needed.get(sku) ?? 0) + quantity);
  return articles
    .flatMap(({ code, title, slug, typicalPrice }) => {
      const quantity = needed.get(code);
      if (quantity === undefined || typicalPrice === undefined) return [];
      return [{ sku: code, title, slug, price: typicalPrice, quantity }];
    })
    .sort((a, b) => (a.sku < b.sku ? -1 : 1));
}

interface Product {
  readonly id: string;
  readonly status: "draft" | "published" | "unpublished" | "discontinued";
  readonly variants: readonly { readonly sku: string }[];
}

interface Prices {
  readonly prices: readonly {
    readonly currency: string;
    readonly customerGroup: string | null;
    readonly status: string;
  }[];
}

/** Slugs to try, should others have the first ones. */
const ATTEMPTS = 3;
/** Prices asked for at once. */
const AT_ONCE = 8;

/**
 * Sees to it that the shop sells the articles, each at a price, and receives the stock that the carts of this run will
 * take. What the shop has stays as it is: an article keeps its product and its price.
 * @returns the token with which a read sees it all
 */
export async function supply(
  office: BackOffice,
  articles: readonly SupplyArticle[],
  run: string,
  progress: (done: number, total: number) => void = () => undefined,
): Promise<string | undefined> {
  const total = articles.length * 3;
  const name = `replay ${run}`;
  const { made, token } = await offerAll(office, articles, name, (done) => progress(done, total));
  const unpriced: SupplyArticle[] = articles.filter(({ sku }) => made.has(sku));
  const asked = articles.filter(({ sku }) => !made.has(sku));
  for (let from = 0; from < asked.length; from += AT_ONCE) {
    const part = asked.slice(from, from + AT_ONCE);
    const priced = await Promise.all(part.map(({ sku }) => hasPrice(office, sku, token)));
    unpriced.push(...part.filter((_, index) => !priced[index]));
  }
  const prices = unpriced.map(({ sku, price }) => ({ sku, currency: CURRENCY, amount: price }));
  const priced = await office.bulk("prices", name, prices, (done) => progress(articles.length + done, total));
  refuseNone("price", priced.results, prices);
  const receipts = articles.map(({ sku, quantity }) => ({ sku, quantity, reference: name }));
  const received = await office.bulk("stock", name, receipts, (done) => progress(articles.length * 2 + done, total));
  refuseNone("stock", received.results, receipts);
  return priced.token ?? token;
}

/** Creates what is missing and publishes what is hidden, until the shop's own list has it all. */
async function offerAll(
  office: BackOffice,
  articles: readonly SupplyArticle[],
  name: string,
  progress: (done: number) => void,
): Promise<{ made: ReadonlySet<string>; token: string | undefined }> {
  const made = new Set<string>();
  let token: string | undefined;
  let refusal = "";
  for (let attempt = 0; attempt <= ATTEMPTS; attempt++) {
    const known = new Map<string, Product>();
    for await (const product of office.all<Product>("/admin/v1/products?limit=200", token))
      for (const { sku } of product.variants) if (product.status !== "discontinued") known.set(sku, product);
    const missing = articles.filter(({ sku }) => !known.has(sku));
    const hidden = articles.flatMap(({ sku }) => {
      const product = known.get(sku);
      return product && product.status !== "published" ? [product.id] : [];
    });
    progress(articles.length - missing.length - hidden.length);
    if (missing.length === 0 && hidden.length === 0) return { made, token };
    const created = await office.bulk(
      "products",
      name,
      missing.map((article) => draftOf(article, attempt)),
    );
    token = created.token ?? token;
    const publish = [...hidden];
    for (const { index, status, id, problem } of created.results) {
      const sku = missing[index]?.sku ?? "";
      if (status === "refused") refusal = `${sku} was refused: ${problem?.detail ?? ""}`;
      else {
        made.add(sku);
        if (id !== undefined) publish.push(id);
      }
    }
    const ids = [...new Set(publish)].map((id) => ({ op: "publish", id }));
    const published = await office.bulk("products", name, ids);
    refuseNone("publication", published.results, ids);
    token = published.token ?? token;
  }
  throw new Error(`The shop does not take all articles: ${refusal || "some do not appear in its list"}`);
}

const draftOf = ({ sku, title, slug }: SupplyArticle, attempt: number): object => ({
  title,
  slug: [slug, ...(attempt > 0 ? [slugOf(sku)] : []), ...(attempt > 1 ? [String(attempt)] : [])].join("-"),
  variants: [{ sku }],
});

/** Whether everybody can buy it at some price in the currency of the data set. */
async function hasPrice(office: BackOffice, sku: string, token: string | undefined): Promise<boolean> {
  const { prices } = await office.get<Prices>(`/admin/v1/prices/${encodeURIComponent(sku)}`, token);
  return prices.some(
    ({ currency, customerGroup, status }) => currency === CURRENCY && customerGroup === null && status === "in-force",
  );
}

function refuseNone(
  what: string,
  results: Awaited<ReturnType<BackOffice["bulk"]>>["results"],
  entries: readonly object[],
): void {
  const refused = results.find(({ status }) => status === "refused");
  if (refused)
    throw new Error(
      `A ${what} was refused: ${refused.problem?.detail ?? ""} ${JSON.stringify(entries[refused.index])}`,
    );
}
