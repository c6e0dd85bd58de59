import { z } from "zod";
import { category, categoryName, categoryPosition } from "../../domains/catalog";
import { categoryId, DomainError, invalid, notFound, slug } from "../../domains/kernel";
import { type CategoryDocument } from "../../projections/catalog";
import { created, ok, type Route, route } from "../http";
import { type Services } from "../services";
import { type CatalogService, type CategoryOutcome, newIdFor } from "./catalog-service";
import { type Branch, treeOf } from "./category-tree";
import { executeUnless, portOf } from "./command-port";
import { changing, commandOf, making, newCommandOf, reading, written } from "./conventions";
import { type Known } from "./known";
import { newSlug } from "./product-schemas";

const categorySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    slug: z.string(),
    parentId: z.uuid().nullable(),
    position: z.int(),
    revision: z.int(),
  })
  .meta({ id: "BackOfficeCategory" });

const branchSchema: z.ZodType<Branch> = z
  .object({
    ...categorySchema.shape,
    get children() {
      return z.array(branchSchema);
    },
  })
  .meta({ id: "BackOfficeCategoryBranch" });

const params = z.object({ id: categoryId });
const parentId = categoryId.nullable();
const newCategory = z.strictObject({
  name: categoryName,
  slug,
  parentId: parentId.default(null),
  position: categoryPosition.default(0),
});

const answers = { 200: { description: "The category as it is now", schema: categorySchema } };
const unknown = { "category-not-found": 404 } as const;

/** The tree of categories. */
export function categoryRoutes(services: Services, catalog: CatalogService, known: Known): readonly Route[] {
  const categories = services.models.get<CategoryDocument>("catalog", "categories");
  const port = portOf(services);
  /** How far this process has written, so that the tree shows it. */
  let reached = -1n;

  const level = (token: bigint | undefined) =>
    services.level(categories, token !== undefined && token > reached ? token : reached);

  /** The answer to a command on a category that is there afterwards. */
  function shown(id: string, outcome: CategoryOutcome) {
    if (outcome instanceof DomainError) return outcome;
    if (outcome.position > reached) reached = outcome.position;
    const { state, revision } = outcome;
    if (state.status !== "present") return notFound("category-not-found", `There is no category ${id}.`);
    const { name, slug, parentId, position } = state;
    return ok({ id, name, slug, parentId, position, revision }, written(outcome));
  }

  return [
    route({
      ...reading("readCatalogue"),
      method: "GET",
      path: "/admin/v1/categories",
      operationId: "adminListCategories",
      summary: "The tree of categories",
      responses: { 200: { description: "The roots", schema: z.object({ items: z.array(branchSchema) }) } },
      async handler({ consistencyToken }) {
        await level(consistencyToken);
        return ok({ items: treeOf(await categories.collection.find().toArray()) });
      },
    }),
    route({
      ...reading("readCatalogue"),
      method: "GET",
      path: "/admin/v1/categories/:id",
      operationId: "adminGetCategory",
      summary: "A category",
      params,
      responses: { 200: { description: "The category; its ETag is for If-Match", schema: categorySchema } },
      refusals: unknown,
      async handler({ params: { id }, consistencyToken }) {
        await services.level(categories, consistencyToken, `category-${id}`);
        const found = await categories.get(id);
        if (!found) return notFound("category-not-found", `There is no category ${id}.`);
        const { name, slug, parentId, position, revision } = found;
        return ok({ id, name, slug, parentId, position, revision }, { etag: revision });
      },
    }),
    route({
      ...making("writeCatalogue"),
      method: "POST",
      path: "/admin/v1/categories",
      operationId: "createCategory",
      summary: "Make a category",
      body: newCategory,
      responses: { 201: { description: "The category", schema: categorySchema } },
      refusals: { "slug-taken": 409, "parent-not-found": 422 },
      async handler(context) {
        const { body } = context;
        const around = newCommandOf(context);
        const id = newIdFor("category", around);
        const objection = async () =>
          body.parentId !== null && (await known.lineage(body.parentId)) === undefined
            ? noParent(body.parentId)
            : undefined;
        const outcome = await services.together(around, () =>
          catalog.createCategory(body, around, { assumeNew: context.idempotencyKey === undefined, objection }),
        );
        const reply = shown(id, outcome);
        return reply instanceof DomainError ? reply : created(`/admin/v1/categories/${id}`, reply.body, reply);
      },
    }),
    route({
      ...changing("writeCatalogue"),
      method: "PATCH",
      path: "/admin/v1/categories/:id",
      operationId: "renameCategory",
      summary: "Rename a category",
      params,
      body: z.strictObject({ name: categoryName }),
      responses: answers,
      refusals: unknown,
      async handler(context) {
        const { id } = context.params;
        const command = {
          type: "RenameCategory",
          at: services.now(),
          categoryId: id,
          name: context.body.name,
        } as const;
        return shown(id, await services.execute(category, id, command, commandOf(context)));
      },
    }),
    route({
      ...changing("writeCatalogue"),
      method: "PUT",
      path: "/admin/v1/categories/:id/slug",
      operationId: "changeCategorySlug",
      summary: "Give a category another slug",
      params,
      body: newSlug,
      responses: answers,
      refusals: { ...unknown, "slug-taken": 409 },
      async handler(context) {
        const { params, body } = context;
        const around = commandOf(context);
        const change = () => catalog.changeCategorySlug(params.id, body.slug, around);
        return shown(params.id, await services.together(around, change));
      },
    }),
    route({
      ...changing("writeCatalogue"),
      method: "POST",
      path: "/admin/v1/categories/:id/move",
      operationId: "moveCategory",
      summary: "Move a category below another, or among its siblings",
      params,
      body: z.strictObject({ parentId, position: categoryPosition.default(0) }),
      responses: answers,
      refusals: { ...unknown, "parent-not-found": 422, "category-cycle": 409 },
      async handler(context) {
        const { params, body } = context;
        const around = commandOf(context);
        const move = async () => {
          const lineage = body.parentId === null ? [] : await known.lineage(body.parentId);
          const command = {
            type: "MoveCategory",
            at: services.now(),
            categoryId: params.id,
            ...body,
            parentAncestors: lineage?.slice(1) ?? [],
          } as const;
          const objection = () =>
            Promise.resolve(lineage === undefined && body.parentId ? noParent(body.parentId) : undefined);
          return executeUnless(port, objection, category, params.id, command, around);
        };
        return shown(params.id, await services.together(around, move));
      },
    }),
    route({
      ...changing("writeCatalogue"),
      method: "DELETE",
      path: "/admin/v1/categories/:id",
      operationId: "removeCategory",
      summary: "Remove an empty category",
      description: "Products that name it keep doing so; it just no longer shows.",
      params,
      responses: { 204: { description: "It is gone" } },
      refusals: { ...unknown, "category-not-empty": 409 },
      async handler(context) {
        const { params, consistencyToken } = context;
        const around = commandOf(context);
        await level(consistencyToken);
        const outcome = await services.together(around, async () => {
          const found = await categories.get(params.id);
          const { state } = await services.commands.load(category, params.id);
          const present = state.status === "present" ? state.slug : undefined;
          return catalog.removeCategory(params.id, present, (found?.children.length ?? 0) > 0, around);
        });
        if (outcome instanceof DomainError) return outcome;
        if (outcome.position > reached) reached = outcome.position;
        return { status: 204 as const, ...written(outcome) };
      },
    }),
  ];
}

const noParent = (id: string): DomainError =>
  invalid("parent-not-found", `There is no category ${id}.`, { field: "parentId", parentId: id });
