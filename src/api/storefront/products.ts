import { type Collection } from "mongodb";
import { z } from "zod";
import { currencyCode, type CurrencyCode } from "../../domains/kernel";
import { categoryForest, TREE, type CategoryTree, type ProductDocument, type StorefrontDocument } from "../../projections/storefront"; // prettier-ignore
import { AnswerCache } from "../answer-cache";
import { encodeCursor, missing, ok, raw, route, type Route } from "../http";
import { moneySchema, moneyView } from "../shared/schemas";
import { type Services } from "../services";
import { afterPlace, filterOf, orderOf, productListQuery, sortOf, type Place, type ProductFilter, type ProductListQuery } from "./product-query"; // prettier-ignore
import { type ProductPages } from "./product-pages";
import { productItem, productItemSchema, productSchema } from "./product-view";

const facetsSchema = z.object({
  categories: z.array(z.object({ id: z.string(), slug: z.string(), name: z.string(), count: z.int() })),
  price: z.object({ min: moneySchema, max: moneySchema }).nullable(),
  inStock: z.int().describe("How many of them can be bought now."),
});

const listSchema = z
  .object({
    items: z.array(productItemSchema),
    facets: facetsSchema.describe("Over all that the query finds, not only this page."),
    nextCursor: z.string().nullable(),
    total: z.int(),
  })
  .meta({ id: "ProductList" });

const branchSchema: z.ZodType = z
  .object({
    id: z.string(),
    name: z.string(),
    slug: z.string(),
    parentId: z.string().nullable(),
    position: z.int(),
    get children() {
      return z.array(branchSchema);
    },
  })
  .meta({ id: "Category" });

const PUBLIC = "public, max-age=0, must-revalidate";

/** Products and categories as shoppers see them: public, answered from memory. */
export function productRoutes(services: Services, pages: ProductPages): readonly Route[] {
  const products = services.models.get<StorefrontDocument>("storefront", "products");
  const tree = services.models.get<CategoryTree>("storefront", "categories");
  // A list names categories, and finds what is in them.
  const lists = new AnswerCache({
    get generation() {
      return products.generation + tree.generation;
    },
  });
  const collection = (): Collection<ProductDocument> => products.collection as unknown as Collection<ProductDocument>;

  async function list(query: ProductListQuery, currency: CurrencyCode) {
    const forest = await tree.get(TREE);
    const filter = filterOf(query, currency, forest);
    if (!filter) return { items: [], facets: { categories: [], price: null, inStock: 0 }, nextCursor: null, total: 0 };
    const order = orderOf(query, currency);
    const page = query.cursor ? ({ $and: [filter, afterPlace(query.cursor, order)] } as ProductFilter) : filter;
    const [found, facets] = await Promise.all([
      collection()
        .find(page as never)
        .sort(sortOf(order))
        .skip(query.offset ?? 0)
        .limit(query.limit + 1)
        .toArray(),
      facetsOf(collection(), filter, currency, forest),
    ]);
    const shown = found.slice(0, query.limit) as ProductDocument[];
    const at = services.now();
    const last = shown.at(-1);
    return {
      items: shown.map((document) => productItem(document, currency, at)),
      facets: facets.facets,
      nextCursor: found.length > query.limit && last ? encodeCursor(placeOf(last, order)) : null,
      total: facets.total,
    };
  }

  return [
    route({
      method: "GET",
      path: "/store/v1/products",
      operationId: "listProducts",
      summary: "Find products",
      tags: ["Storefront"],
      security: "public",
      query: productListQuery,
      responses: { 200: { description: "A page of products", schema: listSchema } },
      cache: PUBLIC,
      async handler({ query, consistencyToken }) {
        if (consistencyToken !== undefined)
          await Promise.all([services.level(products, consistencyToken), services.level(tree, consistencyToken)]);
        const currency = query.currency ?? (services.currency as CurrencyCode);
        const key = JSON.stringify({ ...query, currency });
        return raw(await lists.get(key, consistencyToken !== undefined, () => list(query, currency)));
      },
    }),
    route({
      method: "GET",
      path: "/store/v1/products/:idOrSlug",
      operationId: "getProduct",
      summary: "A product's page",
      tags: ["Storefront"],
      security: "public",
      query: z.strictObject({ currency: currencyCode.optional() }),
      responses: { 200: { description: "The product", schema: productSchema } },
      cache: PUBLIC,
      async handler({ params, query, consistencyToken }) {
        await services.level(products, consistencyToken);
        const document = await pages.find(params.idOrSlug);
        if (!document) return missing("product");
        return raw(pages.page(document, query.currency ?? (services.currency as CurrencyCode)));
      },
    }),
    route({
      method: "GET",
      path: "/store/v1/categories",
      operationId: "listCategories",
      summary: "The tree of categories",
      tags: ["Storefront"],
      security: "public",
      responses: { 200: { description: "The roots", schema: z.object({ items: z.array(branchSchema) }) } },
      cache: PUBLIC,
      async handler({ consistencyToken }) {
        await services.level(tree, consistencyToken);
        const forest = await tree.get(TREE);
        return ok({ items: forest ? categoryForest(forest) : [] });
      },
    }),
  ];
}

function placeOf(document: ProductDocument, { name, field }: ReturnType<typeof orderOf>): Place {
  const [top = "", below] = field.split(".");
  const value = (document as unknown as Record<string, unknown>)[top];
  const found = below === undefined ? value : (value as Record<string, unknown> | undefined)?.[below];
  return [name, typeof found === "string" || typeof found === "number" ? found : null, document._id];
}

async function facetsOf(
  products: Collection<ProductDocument>,
  filter: ProductFilter,
  currency: string,
  tree: CategoryTree | undefined,
) {
  const price = `$priceSort.${currency}`;
  const [whole, categories] = await Promise.all([
    products
      .aggregate<{ total: number; inStock: number; min: number | null; max: number | null }>([
        { $match: filter },
        {
          $group: {
            _id: null,
            total: { $sum: 1 },
            inStock: { $sum: { $cond: ["$inStock", 1, 0] } },
            min: { $min: price },
            max: { $max: price },
          },
        },
      ])
      .next(),
    products
      .aggregate<{ _id: string; count: number }>([
        { $match: filter },
        { $unwind: "$categories" },
        { $group: { _id: "$categories", count: { $sum: 1 } } },
        { $sort: { count: -1, _id: 1 } },
        { $limit: 50 },
      ])
      .toArray(),
  ]);
  const money = (amount: number) => moneyView(String(amount), currency);
  return {
    total: whole?.total ?? 0,
    facets: {
      categories: categories.flatMap(({ _id: id, count }) => {
        const node = tree?.nodes[id];
        return node ? [{ id, slug: node.slug, name: node.name, count }] : [];
      }),
      price:
        typeof whole?.min === "number" && typeof whole.max === "number"
          ? { min: money(whole.min), max: money(whole.max) }
          : null,
      inStock: whole?.inStock ?? 0,
    },
  };
}
