import { claim, claimKey, product, type DraftProduct } from "../../domains/catalog";
import { stock, stockId } from "../../domains/inventory";
import { DomainError, type Aggregate, type DomainEvent, type Sku, type Slug, type Timestamp } from "../../domains/kernel"; // prettier-ignore
import { price } from "../../domains/pricing";
import { type Accepted, type CommandContext } from "../../infra/runtime/command";
import { type Article } from "./classify";
import { CURRENCY } from "./documents";
import { contextOf, LOCATION, productIdOf } from "./identity";
import { isoOf } from "./line";
import { slugOf } from "./titles";

/** Sends a command through the command side. */
export type Execute = <C, E extends DomainEvent, S>(
  aggregate: Aggregate<C, E, S>,
  id: string,
  command: C,
  context: CommandContext,
) => Promise<Accepted | DomainError>;

/** What an accepted command did: `nothing` when what it asks for was so already, by whomever. */
export type Effect = "new" | "known" | "nothing";

/** The command side as the import sees it. */
export interface Sender {
  /** @throws when a command is refused that cannot be refused in an import */
  send(...command: Parameters<Execute>): Promise<Effect>;
  /** Where a refusal is an answer. */
  attempt(...command: Parameters<Execute>): Promise<Effect | DomainError>;
}

/**
 * What became of an article. `elsewhere`: its code is the SKU of a product that somebody else made; that product stays
 * as it is, and the article's prices and stock go to the SKU.
 */
export type ArticleFate = "new" | "known" | "elsewhere";

export interface ArticleResult {
  readonly fate: ArticleFate;
  readonly newPrices: number;
}

/**
 * Brings one article into the catalogue with its prices and a place for its stock. A product once there is the
 * merchant's: a later run does not touch it again.
 */
export async function importArticle(article: Article, sender: Sender): Promise<ArticleResult> {
  const fate = await importProduct(article, sender);
  const [newPrices] = await Promise.all([importPrices(article, sender), allowBackorder(article, sender)]);
  return { fate, newPrices };
}

/** SKU and slug are claimed before they are used, so that they are the product's own whoever else is at work. */
async function importProduct(article: Article, sender: Sender): Promise<ArticleFate> {
  const { code } = article;
  const at = isoOf(article.since) as Timestamp;
  const productId = productIdOf(code);
  const sku = code as Sku;
  const key = claimKey.sku(sku);
  const claimed = await sender.attempt(
    claim,
    key,
    { type: "Claim", at, key, owner: productId },
    contextOf(at, "sku", code),
  );
  if (claimed instanceof DomainError) return "elsewhere";
  if (claimed === "new" || !(await exists(article, sender))) {
    const slug = await claimSlug(article, sender);
    await sender.send(product, productId, draftOf(article, slug), contextOf(at, "draft", code));
  } else {
    // The run that drafted it may have been killed before it published it; of a product of other origin hands are kept.
    const drafted = await sender.attempt(product, productId, draftOf(article, article.slug as Slug), {
      ...contextOf(at, "draft", code),
      assumeNew: false,
    });
    if (drafted instanceof DomainError) return "elsewhere";
  }
  // What was never sold at a price has none to be offered at: it stays a draft.
  if (article.prices.length === 0) return claimed === "new" ? "new" : "known";
  const published = await sender.attempt(
    product,
    productId,
    { type: "PublishProduct", at, productId },
    { ...contextOf(at, "publish", code), assumeNew: false },
  );
  return published === "new" ? "new" : "known";
}

/** Asks by a change of nothing. */
async function exists({ code, since }: Article, sender: Sender): Promise<boolean> {
  const productId = productIdOf(code);
  const at = isoOf(since) as Timestamp;
  const context = { ...contextOf(at, "look", code), assumeNew: false };
  const looked = await sender.attempt(product, productId, { type: "ReviseProduct", at, productId }, context);
  return !(looked instanceof DomainError && looked.kind === "not-found");
}

function draftOf({ code, title, since }: Article, slug: Slug): DraftProduct {
  return {
    type: "DraftProduct",
    at: isoOf(since) as Timestamp,
    productId: productIdOf(code),
    title,
    description: "",
    slug,
    taxCategory: "standard",
    categories: [],
    media: [],
    attributes: {},
    variants: [{ sku: code as Sku, attributes: {} }],
  };
}

/** The article's slug, or the first like it that nobody else has. The same again in the next run. */
async function claimSlug({ code, slug, since }: Article, sender: Sender): Promise<Slug> {
  const at = isoOf(since) as Timestamp;
  const owner = productIdOf(code);
  const withCode = [slug, slugOf(code)].filter((part) => part !== "").join("-");
  for (let attempt = 0; ; attempt++) {
    const wanted = (attempt === 0 ? slug : attempt === 1 ? withCode : `${withCode}-${attempt}`) as Slug;
    const key = claimKey.slug(wanted);
    const claimed = await sender.attempt(claim, key, { type: "Claim", at, key, owner }, contextOf(at, "slug", wanted, code)); // prettier-ignore
    if (!(claimed instanceof DomainError)) return wanted;
  }
}

/** Its price history. @returns how many of the prices are new */
async function importPrices({ code, prices }: Article, sender: Sender): Promise<number> {
  const sku = code as Sku;
  const effects = await Promise.all(
    prices.map(({ month, from, amount }) => {
      const validFrom = isoOf(from) as Timestamp;
      const priceId = `online-retail-${month}`;
      const entry = { priceId, currency: CURRENCY, amount, customerGroup: null, validFrom, validUntil: null };
      return sender.attempt(
        price,
        sku,
        { type: "SetPrice", at: validFrom, sku, ...entry },
        contextOf(validFrom, "price", code, month),
      );
    }),
  );
  return effects.filter((effect) => effect === "new").length;
}

/** The file has no receipts: its books show what was written off, and go below zero. */
async function allowBackorder({ code, since }: Article, sender: Sender): Promise<void> {
  const sku = code as Sku;
  const at = isoOf(since) as Timestamp;
  const command = { type: "SetBackorderPolicy", at, location: LOCATION, sku, allowBackorder: true } as const;
  await sender.send(stock, stockId(LOCATION, sku), command, contextOf(at, "backorder", code));
}
