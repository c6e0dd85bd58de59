import { tokenOf } from "./consistency";
import { type Caller } from "./http";
import { expectStatus } from "./shopper";

export interface NewArticle {
  readonly sku: string;
  readonly title?: string;
  /** In pounds; without a price when `null`. */
  readonly price?: string | null;
  /** Pieces at the location that checkout takes from. */
  readonly stock?: number;
  readonly categories?: readonly string[];
  readonly publish?: boolean;
  /** Other fields of the product. */
  readonly product?: object;
}

export interface Article {
  readonly id: string;
  readonly sku: string;
  readonly slug: string;
  /** Reads that carry it see the article with all it has. */
  readonly token: string;
}

/** Makes an article that can be bought, through the back office's own routes. */
export async function makeArticle(admin: Caller, article: NewArticle): Promise<Article> {
  const [made] = await makeArticles(admin, [article]);
  if (!made) throw new Error("no article was made");
  return made;
}

/** The same for many: one request for each kind of command. */
export async function makeArticles(admin: Caller, articles: readonly NewArticle[]): Promise<readonly Article[]> {
  let token = "";
  const bulk = async (what: string, entries: readonly object[]): Promise<readonly { readonly id: string }[]> => {
    if (entries.length === 0) return [];
    const answer = expectStatus(200, await admin.post(`/admin/v1/bulk/${what}`, { entries }));
    const { body } = answer;
    if (body.refused > 0) throw new Error(`refused: ${JSON.stringify(body).slice(0, 1_000)}`);
    token = tokenOf(answer);
    return body.results;
  };
  const drafts = await bulk(
    "products",
    articles.map(({ sku, title = `Article ${sku}`, categories = [], product }) => ({
      title,
      slug: slugOf(sku),
      categories,
      variants: [{ sku }],
      ...product,
    })),
  );
  await bulk(
    "prices",
    articles.flatMap(({ sku, price = "10.00" }) => (price === null ? [] : [{ sku, currency: "GBP", amount: price }])),
  );
  await bulk(
    "stock",
    articles.flatMap(({ sku, stock = 0 }) => (stock === 0 ? [] : [{ sku, quantity: stock }])),
  );
  const made = articles.map((article, index) => ({ ...article, id: drafts[index]?.id ?? "" }));
  await bulk(
    "products",
    made.flatMap(({ id, publish = true }) => (publish ? [{ op: "publish", id }] : [])),
  );
  return made.map(({ id, sku }) => ({ id, sku, slug: slugOf(sku), token }));
}

const slugOf = (sku: string): string => sku.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
