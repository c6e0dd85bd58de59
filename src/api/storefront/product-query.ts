import { type Filter, type Sort } from "mongodb";
import { z } from "zod";
import { currencyCode, positiveDecimal, type CurrencyCode } from "../../domains/kernel";
import { subtreeIds, type CategoryTree, type StorefrontDocument } from "../../projections/storefront";
import { words } from "../../projections/words";
import { cursor, flag, limit, offset } from "../http";

const SORTS = ["name", "-name", "price", "-price", "newest"] as const;
type SortName = (typeof SORTS)[number];

/** Where a page of the list ended: the order it was in, the value it ended with, and the product. */
const place = z.tuple([z.enum(SORTS), z.union([z.string(), z.number(), z.null()]), z.string()]);
export type Place = z.output<typeof place>;

export const productListQuery = z
  .strictObject({
    q: z.string().trim().max(200).describe("Words, or their beginnings, that the product is found by.").optional(),
    category: z.string().max(120).describe("Id or slug of a category; what is below it counts too.").optional(),
    priceMin: positiveDecimal.optional(),
    priceMax: positiveDecimal.optional(),
    inStock: flag().optional(),
    sort: z.enum(SORTS).optional(),
    currency: currencyCode.optional(),
    limit: limit(20, 100),
    cursor: cursor(place).optional(),
    offset: offset(),
  })
  .refine(({ cursor: from, offset: skip }) => from === undefined || skip === undefined, {
    path: ["offset"],
    message: "give either cursor or offset",
  })
  .refine(({ cursor: from, sort }) => from === undefined || sort === undefined || from[0] === sort, {
    path: ["cursor"],
    message: "the cursor belongs to another sort order",
  });
export type ProductListQuery = z.output<typeof productListQuery>;

export type ProductFilter = Filter<StorefrontDocument>;

/** Which products are asked for, wherever the page begins. `undefined` when there can be none. */
export function filterOf(query: ProductListQuery, currency: CurrencyCode, tree: CategoryTree | undefined) {
  const filter: Record<string, unknown> = { visible: true };
  const all: object[] = [];
  for (const word of words(query.q ?? "")) all.push({ words: { $regex: `^${word}` } });
  if (query.category !== undefined) {
    const ids = categoryIds(query.category, tree);
    if (ids.length === 0) return undefined;
    filter["categories"] = { $in: ids };
  }
  if (query.priceMin !== undefined || query.priceMax !== undefined)
    filter[`priceSort.${currency}`] = {
      ...(query.priceMin !== undefined && { $gte: Number(query.priceMin) }),
      ...(query.priceMax !== undefined && { $lte: Number(query.priceMax) }),
    };
  if (query.inStock !== undefined) filter["inStock"] = query.inStock;
  if (all.length > 0) filter["$and"] = all;
  return filter as ProductFilter;
}

function categoryIds(named: string, tree: CategoryTree | undefined): readonly string[] {
  if (!tree) return [];
  const id = tree.nodes[named] ? named : Object.values(tree.nodes).find(({ slug }) => slug === named)?.id;
  return id === undefined ? [] : subtreeIds(tree, id);
}

export interface Order {
  readonly name: SortName;
  readonly field: string;
  readonly direction: 1 | -1;
}

export function orderOf(query: ProductListQuery, currency: CurrencyCode): Order {
  const name = query.sort ?? query.cursor?.[0] ?? "name";
  switch (name) {
    case "name":
    case "-name":
      return { name, field: "sortTitle", direction: name === "name" ? 1 : -1 };
    case "price":
    case "-price":
      return { name, field: `priceSort.${currency}`, direction: name === "price" ? 1 : -1 };
    case "newest":
      return { name, field: "publishedAt", direction: -1 };
  }
}

export const sortOf = ({ field, direction }: Order): Sort => ({ [field]: direction, _id: 1 });

/** What comes after a place. Products without the value (no price) are first going up and last going down. */
export function afterPlace([, value, id]: Place, { field, direction }: Order): ProductFilter {
  const next = { _id: { $gt: id } };
  const after =
    value === null
      ? direction === 1
        ? [{ [field]: null, ...next }, { [field]: { $ne: null } }]
        : [{ [field]: null, ...next }]
      : direction === 1
        ? [{ [field]: { $gt: value } }, { [field]: value, ...next }]
        : [{ [field]: { $lt: value } }, { [field]: null }, { [field]: value, ...next }];
  return { $or: after } as ProductFilter;
}
