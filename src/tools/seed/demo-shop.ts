import { category, claim, claimKey, product } from "../../domains/catalog";
import { DEFAULT_LOCATION, stock, stockId } from "../../domains/inventory";
import { type CategoryId, type CurrencyCode, type ProductId, type Slug, type Timestamp } from "../../domains/kernel";
import { price } from "../../domains/pricing";
import { deriveId } from "../../infra/runtime";
import { type Article, type Articles, type ArticleVariant, demoArticles } from "./articles";
import { inFlight } from "../in-flight";
import { marker } from "./marker";
import { type Execute, Sender } from "./send";

const SET_UP = "demo";
/** From when the prices hold: the first day of the data set, long past. */
const PRICES_FROM = "2010-12-01T00:00:00.000Z" as Timestamp;
const TRADE = "trade";
/** Products whose commands are under way at once; each has a few. */
const LIMIT = 64;

export interface SeedOptions {
  readonly execute: Execute;
  /** Called after each product. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** Nothing more is begun after an abort; the next seed goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** When it happens; now when absent. */
  readonly at?: string | undefined;
}

export interface SeedReport {
  readonly categories: number;
  readonly products: number;
  readonly skus: number;
  /** Events written; 0 when the shop had it all. */
  readonly events: number;
}

/**
 * Fills a shop with the demo articles: categories, products with their claims, prices, stock where checkout takes it
 * from; published last, so that a product appears with all it has. Ids are the same in every shop. Done once and for
 * all: what a merchant then changes or takes away stays so.
 * @throws SetUpRefused when something else in the shop has the name of a demo article
 */
export async function seedDemoShop({ execute, progress, signal, at }: SeedOptions): Promise<SeedReport> {
  const now = (at ?? new Date().toISOString()) as Timestamp;
  const articles = await demoArticles();
  const { categories, products } = articles;
  const skus = products.reduce((sum, { variants }) => sum + variants.length, 0);
  const report = { categories: categories.length, products: products.length, skus };

  const done = marker(execute, SET_UP, now);
  if (await done.isSet()) return { ...report, events: 0 };
  const sender = new Sender(execute, SET_UP, now);
  const seed: Seed = { sender, at: now };
  await createCategories(seed, categories);
  let count = 0;
  const work = async (article: Article) => {
    await createProduct(seed, article);
    progress?.(++count, products.length);
  };
  await inFlight(products, LIMIT, work, signal);
  await done.set();
  return { ...report, events: sender.events + 1 };
}

/** For a shop that begins without the demo articles: no later seed will put them among the merchant's own. */
export async function declineDemoShop({ execute, at }: Pick<SeedOptions, "execute" | "at">): Promise<void> {
  await marker(execute, SET_UP, (at ?? new Date().toISOString()) as Timestamp).set();
}

interface Seed {
  readonly sender: Sender;
  readonly at: Timestamp;
}

const categoryId = (slug: Slug) => deriveId(SET_UP, "category", slug) as CategoryId;
const productId = (slug: Slug) => deriveId(SET_UP, "product", slug) as ProductId;

/** Parents before their children. */
async function createCategories({ sender, at }: Seed, categories: Articles["categories"]): Promise<void> {
  const create = async ({ slug, name, parent }: (typeof categories)[number]) => {
    const id = categoryId(slug);
    const key = claimKey.categorySlug(slug);
    const parentId = parent === undefined ? null : categoryId(parent);
    const position = categories.findIndex((category) => category.slug === slug);
    await sender.send(claim, key, { type: "Claim", at, key, owner: id });
    await sender.send(category, id, { type: "CreateCategory", at, categoryId: id, name, slug, parentId, position });
  };
  await Promise.all(categories.filter(({ parent }) => parent === undefined).map(create));
  await Promise.all(categories.filter(({ parent }) => parent !== undefined).map(create));
}

async function createProduct(seed: Seed, article: Article): Promise<void> {
  const { sender, at } = seed;
  const { slug, title, description, attributes } = article;
  const id = productId(slug);
  const to = { at, productId: id };
  const claimName = (key: string) => sender.send(claim, key, { type: "Claim", at, key, owner: id });
  await Promise.all([
    claimName(claimKey.slug(slug)),
    ...article.variants.flatMap((variant) => [
      claimName(claimKey.sku(variant.sku)),
      ...setPrices(seed, variant),
      receiveStock(seed, variant),
    ]),
  ]);
  const categories = article.categories.map(categoryId);
  const variants = article.variants.map(({ sku, title, attributes }) => ({
    sku,
    ...(title === undefined ? {} : { title }),
    attributes: attributes ?? {},
  }));
  const content = { title, description, slug, taxCategory: "standard", categories, media: [], attributes, variants };
  // They queue for the product's stream in this order.
  await Promise.all([
    sender.send(product, id, { type: "DraftProduct", ...to, ...content }),
    sender.send(product, id, { type: "PublishProduct", ...to }),
  ]);
}

/** The ids say that these are samples. */
function setPrices({ sender, at }: Seed, { sku, prices, tradePrices }: ArticleVariant): Promise<void>[] {
  const set = (customerGroup: string | null, amounts: Readonly<Record<string, string>>) =>
    Object.entries(amounts).map(([currency, amount]) => {
      const priceId = ["sample", ...(customerGroup === null ? [] : [customerGroup]), currency].join("-");
      const entry = { priceId, currency: currency as CurrencyCode, amount, customerGroup };
      const validity = { validFrom: PRICES_FROM, validUntil: null };
      return sender.send(price, sku, { type: "SetPrice", at, sku, ...entry, ...validity }, priceId);
    });
  return [...set(null, prices), ...(tradePrices === undefined ? [] : set(TRADE, tradePrices))];
}

/** An article that is sold out has never come in. */
async function receiveStock({ sender, at }: Seed, { sku, stock: quantity }: ArticleVariant): Promise<void> {
  if (quantity === 0) return;
  const location = DEFAULT_LOCATION;
  const command = { type: "ReceiveStock", at, location, sku, quantity, reference: "Demo stock" } as const;
  await sender.send(stock, stockId(location, sku), command);
}
