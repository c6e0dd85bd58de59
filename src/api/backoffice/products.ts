import { z } from "zod";
import { product } from "../../domains/catalog";
import { DomainError, notFound, productId, sku } from "../../domains/kernel";
import { type BackOfficeProduct } from "../../projections/catalog";
import { words } from "../../projections/words";
import { created, cursor, encodeCursor, limit, ok, type Route, route } from "../http";
import { type Services } from "../services";
import { type CatalogService, newIdFor, type ProductOutcome } from "./catalog-service";
import { changing, commandOf, making, newCommandOf, pageOf, reading, reasonOnly, written } from "./conventions";
import { executeUnless, portOf } from "./command-port";
import { type Known } from "./known";
import { newProduct, newSlug, newVariant, productChanges, productSchema, productView, readProductSchema, statuses, variantChanges } from "./product-schemas"; // prettier-ignore

const place = z.tuple([z.string(), z.string()]);

const listQuery = z.strictObject({
  q: z.string().trim().max(200).describe("Words, or their beginnings, of title, slug or SKU.").optional(),
  status: z.enum(statuses).optional(),
  sku: sku.optional(),
  category: z.uuid().optional(),
  limit: limit(50, 200),
  cursor: cursor(place).optional(),
});

const params = z.object({ id: productId });
const variantParams = z.object({ id: productId, sku });
const answers = { 200: { description: "The product as it is now", schema: productSchema } };
const unknownProduct = { "product-not-found": 404, "product-discontinued": 409 } as const;

/** Products, their variants, and what shoppers see of them. */
export function productRoutes(services: Services, catalog: CatalogService, known: Known): readonly Route[] {
  const products = services.models.get<BackOfficeProduct>("catalog", "products");
  const port = portOf(services);

  /** Publishing and its like: one command without content. */
  const verb = (
    name: "publish" | "unpublish" | "discontinue",
    type: "PublishProduct" | "UnpublishProduct" | "DiscontinueProduct",
    summary: string,
    refusals: Record<string, 404 | 409>,
  ): Route =>
    route({
      ...changing("writeCatalogue"),
      method: "POST",
      path: `/admin/v1/products/:id/${name}`,
      operationId: `${name}Product`,
      summary,
      params,
      body: reasonOnly,
      responses: answers,
      refusals,
      async handler(context) {
        const { id } = context.params;
        const command = { type, at: services.now(), productId: id };
        return shown(await services.execute(product, id, command, commandOf(context, context.body?.reason)));
      },
    });

  return [
    route({
      ...reading("readCatalogue"),
      method: "GET",
      path: "/admin/v1/products",
      operationId: "adminListProducts",
      summary: "Products of any status, by title",
      query: listQuery,
      responses: { 200: { description: "A page of products", schema: pageOf(readProductSchema) } },
      async handler({ query, consistencyToken }) {
        await services.level(products, consistencyToken);
        const filter = filterOf(query);
        const from = query.cursor;
        const page = from ? { $and: [filter, afterPlace(from)] } : filter;
        const [found, total] = await Promise.all([
          products.collection
            .find(page as never)
            .sort({ sortTitle: 1, _id: 1 })
            .limit(query.limit + 1)
            .toArray(),
          products.collection.countDocuments(filter as never),
        ]);
        const items = found.slice(0, query.limit);
        const last = items.at(-1);
        const nextCursor = found.length > query.limit && last ? encodeCursor([last.sortTitle, last._id]) : null;
        return ok({ items: items.map(readView), nextCursor, total });
      },
    }),
    route({
      ...reading("readCatalogue"),
      method: "GET",
      path: "/admin/v1/products/:id",
      operationId: "adminGetProduct",
      summary: "A product",
      params,
      responses: { 200: { description: "The product; its ETag is for If-Match", schema: readProductSchema } },
      refusals: { "product-not-found": 404 },
      async handler({ params: { id }, consistencyToken }) {
        await services.level(products, consistencyToken, `product-${id}`);
        const found = await products.get(id);
        if (!found) return notFound("product-not-found", `There is no product ${id}.`);
        return ok(readView(found), { etag: found.revision });
      },
    }),
    route({
      ...making("writeCatalogue"),
      method: "POST",
      path: "/admin/v1/products",
      operationId: "createProduct",
      summary: "Draft a product with its variants",
      description: "Shoppers see it once it is published. Its slug and SKUs belong to it alone from now on.",
      body: newProduct,
      responses: { 201: { description: "The draft", schema: productSchema } },
      refusals: { "sku-taken": 409, "slug-taken": 409, "duplicate-sku": 422, "category-not-found": 422 },
      async handler(context) {
        const { body } = context;
        const around = newCommandOf(context);
        const outcome = await services.together(around, () =>
          catalog.createProduct(body, around, {
            assumeNew: context.idempotencyKey === undefined,
            objection: () => known.categories(body.categories),
          }),
        );
        const reply = shown(outcome);
        if (reply instanceof DomainError) return reply;
        return created(`/admin/v1/products/${newIdFor("product", around)}`, reply.body, reply);
      },
    }),
    route({
      ...changing("writeCatalogue"),
      method: "PATCH",
      path: "/admin/v1/products/:id",
      operationId: "reviseProduct",
      summary: "Change a product's content",
      description: "A field that is sent gets its whole new value; the others stay as they are.",
      params,
      body: productChanges,
      responses: answers,
      refusals: { ...unknownProduct, "category-not-found": 422 },
      async handler(context) {
        const { params, body } = context;
        const around = commandOf(context);
        const command = { type: "ReviseProduct", at: services.now(), productId: params.id, ...body } as const;
        const objection = () => known.categories(body.categories ?? []);
        return shown(
          await services.together(around, () => executeUnless(port, objection, product, params.id, command, around)),
        );
      },
    }),
    route({
      ...changing("writeCatalogue"),
      method: "PUT",
      path: "/admin/v1/products/:id/slug",
      operationId: "changeProductSlug",
      summary: "Give a product another slug",
      description: "The old one is free for others from then on.",
      params,
      body: newSlug,
      responses: answers,
      refusals: { ...unknownProduct, "slug-taken": 409 },
      async handler(context) {
        const { params, body } = context;
        const around = commandOf(context);
        return shown(await services.together(around, () => catalog.changeProductSlug(params.id, body.slug, around)));
      },
    }),
    route({
      ...changing("writeCatalogue"),
      method: "POST",
      path: "/admin/v1/products/:id/variants",
      operationId: "addVariant",
      summary: "Add a variant with a SKU of its own",
      params,
      body: newVariant,
      responses: answers,
      refusals: { ...unknownProduct, "sku-taken": 409, "duplicate-sku": 422 },
      async handler(context) {
        const { params, body } = context;
        const around = commandOf(context);
        return shown(await services.together(around, () => catalog.addVariant(params.id, body, around)));
      },
    }),
    route({
      ...changing("writeCatalogue"),
      method: "PATCH",
      path: "/admin/v1/products/:id/variants/:sku",
      operationId: "reviseVariant",
      summary: "Change a variant's title or attributes",
      params: variantParams,
      body: variantChanges,
      responses: answers,
      refusals: { ...unknownProduct, "variant-not-found": 404 },
      async handler(context) {
        const { id, sku } = context.params;
        const command = { type: "ReviseVariant", at: services.now(), productId: id, sku, ...context.body } as const;
        return shown(await services.execute(product, id, command, commandOf(context)));
      },
    }),
    route({
      ...changing("writeCatalogue"),
      method: "DELETE",
      path: "/admin/v1/products/:id/variants/:sku",
      operationId: "removeVariant",
      summary: "Remove a variant",
      description: "Its SKU is free for other products from then on.",
      params: variantParams,
      responses: answers,
      refusals: { ...unknownProduct, "variant-not-found": 404, "last-variant": 409 },
      async handler(context) {
        const { id, sku } = context.params;
        const around = commandOf(context);
        return shown(await services.together(around, () => catalog.removeVariant(id, sku, around)));
      },
    }),
    verb("publish", "PublishProduct", "Show a product to shoppers", {
      ...unknownProduct,
      "product-without-variants": 409,
    }),
    verb("unpublish", "UnpublishProduct", "Hide a product from shoppers", unknownProduct),
    verb("discontinue", "DiscontinueProduct", "Take a product out of the range for good", { "product-not-found": 404 }),
  ];
}

const readView = (document: BackOfficeProduct) => ({
  ...productView(document, document.revision),
  createdAt: document.createdAt,
  updatedAt: document.updatedAt,
});

function shown(outcome: ProductOutcome) {
  if (outcome instanceof DomainError) return outcome;
  const { state, revision } = outcome;
  if (state.status === "absent") return notFound("product-not-found", "There is no such product.");
  return ok(productView(state, revision), written(outcome));
}

function filterOf({ q, status, sku, category }: z.output<typeof listQuery>): object {
  return {
    ...(status !== undefined && { status }),
    ...(sku !== undefined && { "variants.sku": sku }),
    ...(category !== undefined && { categories: category }),
    ...(q !== undefined && { $and: [{}, ...words(q).map((word) => ({ words: { $regex: `^${word}` } }))] }),
  };
}

const afterPlace = ([sortTitle, id]: z.output<typeof place>): object => ({
  $or: [{ sortTitle: { $gt: sortTitle } }, { sortTitle, _id: { $gt: id } }],
});
