import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { attributes, categoryName, productDescription, productTitle } from "../../domains/catalog";
import { positiveDecimal, sku, slug } from "../../domains/kernel";

/** Beside `src` as beside `dist`. */
const FILE = join(__dirname, "../../../samples/online-retail/articles.json");

/** Currency → amount. */
const prices = z.strictObject({ GBP: positiveDecimal, EUR: positiveDecimal, USD: positiveDecimal });

const articles = z.strictObject({
  source: z.string(),
  changes: z.string(),
  /** What one pound is in the sample prices. */
  sampleRates: z.strictObject({ EUR: positiveDecimal, USD: positiveDecimal }),
  /** Parents before their children. */
  categories: z.array(z.strictObject({ slug, name: categoryName, parent: slug.optional() })).min(1),
  products: z
    .array(
      z.strictObject({
        slug,
        title: productTitle,
        description: productDescription,
        categories: z.array(slug).min(1),
        attributes,
        variants: z
          .array(
            z.strictObject({
              sku,
              title: productTitle.optional(),
              /** As it stands in the data set. */
              original: z.string(),
              attributes: attributes.optional(),
              prices,
              /** For the customer group `trade`. */
              tradePrices: prices.optional(),
              stock: z.int().min(0),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});
export type Articles = z.output<typeof articles>;
export type Article = Articles["products"][number];
export type ArticleVariant = Article["variants"][number];

/** The articles of the demo shop (samples/online-retail/README.md). @throws when the file is missing or not as it should be */
export async function demoArticles(): Promise<Articles> {
  return articles.parse(JSON.parse(await readFile(FILE, "utf8")));
}
