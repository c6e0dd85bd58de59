import { type Call, NOBODY, type Recipe, type Recipes, type RefusedCall, type Workshop } from "./workshop";

const PRODUCTS = "/admin/v1/products";
const CATEGORIES = "/admin/v1/categories";

/** A command on a product that was taken out of the range. */
async function onDiscontinued(workshop: Workshop, path: string, body?: unknown): Promise<RefusedCall> {
  const id = await workshop.product();
  await workshop.done(workshop.admin.post(`${PRODUCTS}/${id}/discontinue`));
  return { path: `${PRODUCTS}/${id}${path}`, ...(body !== undefined && { body }), code: "product-discontinued" };
}

/** The product changes in other ways. */
const revised: Recipe["meanwhile"] = (workshop, { path }) =>
  workshop.done(
    workshop.admin.patch(path.split("/").slice(0, 5).join("/"), { description: "Described in the meantime." }),
  );

const renamed: Recipe["meanwhile"] = (workshop, { path }) =>
  workshop.done(workshop.admin.patch(path.split("/").slice(0, 5).join("/"), { name: "Renamed in the meantime" }));

const verb = (name: string, prepare?: (workshop: Workshop, id: string) => Promise<unknown>) => ({
  async accepted(workshop: Workshop): Promise<Call> {
    const id = await workshop.product({ variants: [{ sku: workshop.name("SKU") }] });
    await prepare?.(workshop, id);
    return { path: `${PRODUCTS}/${id}/${name}`, body: { reason: "so it was decided" } };
  },
  otherBody: { reason: "for another reason" },
});

export const catalogueRecipes: Recipes = {
  "POST /admin/v1/products": {
    accepted: async (workshop) => ({
      path: PRODUCTS,
      body: { title: "A draft", slug: workshop.slug(), variants: [{ sku: workshop.name("SKU") }] },
    }),
    otherBody: { title: "Another draft", slug: "another-draft" },
    meanwhile: (workshop, _, { body }) =>
      workshop.done(workshop.admin.put(`${PRODUCTS}/${body.id}/slug`, { slug: workshop.slug() })),
    async refused(workshop) {
      const { id, skus } = await workshop.twins();
      const body = { title: "A draft", slug: workshop.slug(), variants: [{ sku: skus[0] }] };
      const mend = () => workshop.done(workshop.admin.delete(`${PRODUCTS}/${id}/variants/${skus[0]}`));
      return { path: PRODUCTS, body, code: "sku-taken", mend };
    },
  },
  "PATCH /admin/v1/products/{id}": {
    accepted: async (workshop) => ({ path: `${PRODUCTS}/${await workshop.product()}`, body: { title: "Revised" } }),
    otherBody: { title: "Revised otherwise" },
    meanwhile: revised,
    refused: (workshop) => onDiscontinued(workshop, "", { title: "Revised" }),
  },
  "PUT /admin/v1/products/{id}/slug": {
    accepted: async (workshop) => ({
      path: `${PRODUCTS}/${await workshop.product()}/slug`,
      body: { slug: workshop.slug() },
    }),
    otherBody: { slug: "another-slug-of-a-product" },
    // Another product gets the slug when this one has given it up.
    async meanwhile(workshop, { path, body }) {
      await workshop.done(workshop.admin.put(path, { slug: workshop.slug() }));
      await workshop.product(body as object);
    },
    async refused(workshop) {
      const { id, slug } = await workshop.twins();
      const mend = () => workshop.done(workshop.admin.put(`${PRODUCTS}/${id}/slug`, { slug: workshop.slug() }));
      return { path: `${PRODUCTS}/${await workshop.product()}/slug`, body: { slug }, code: "slug-taken", mend };
    },
  },
  "POST /admin/v1/products/{id}/variants": {
    accepted: async (workshop) => ({
      path: `${PRODUCTS}/${await workshop.product()}/variants`,
      body: { sku: workshop.name("SKU"), title: "Red" },
    }),
    otherBody: { sku: "ANOTHER-VARIANT" },
    meanwhile: revised,
    async refused(workshop) {
      const { id, skus } = await workshop.twins();
      const path = `${PRODUCTS}/${await workshop.product()}/variants`;
      const mend = () => workshop.done(workshop.admin.delete(`${PRODUCTS}/${id}/variants/${skus[1]}`));
      return { path, body: { sku: skus[1] }, code: "sku-taken", mend };
    },
  },
  "PATCH /admin/v1/products/{id}/variants/{sku}": {
    async accepted(workshop) {
      const { id, skus } = await workshop.twins();
      return { path: `${PRODUCTS}/${id}/variants/${skus[0]}`, body: { title: "Blue" } };
    },
    otherBody: { title: "Green" },
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.delete(path)),
    async refused(workshop) {
      const { id } = await workshop.twins();
      const sku = workshop.name("SKU");
      const mend = () => workshop.done(workshop.admin.post(`${PRODUCTS}/${id}/variants`, { sku }));
      return { path: `${PRODUCTS}/${id}/variants/${sku}`, body: { title: "Blue" }, code: "variant-not-found", mend };
    },
  },
  "DELETE /admin/v1/products/{id}/variants/{sku}": {
    async accepted(workshop) {
      const { id, skus } = await workshop.twins();
      return { path: `${PRODUCTS}/${id}/variants/${skus[0]}` };
    },
    otherBody: null,
    // The SKU comes back: what removed it once must not remove it again.
    meanwhile(workshop, { path }) {
      const [variants, sku] = [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)];
      return workshop.done(workshop.admin.post(variants, { sku }));
    },
    async refused(workshop) {
      const { id, sku } = await workshop.article();
      const mend = () =>
        workshop.done(workshop.admin.post(`${PRODUCTS}/${id}/variants`, { sku: workshop.name("SKU") }));
      return { path: `${PRODUCTS}/${id}/variants/${sku}`, code: "last-variant", mend };
    },
  },
  "POST /admin/v1/products/{id}/publish": {
    ...verb("publish"),
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.post(path.replace(/publish$/, "unpublish"))),
    async refused(workshop) {
      const id = await workshop.product();
      const mend = () =>
        workshop.done(workshop.admin.post(`${PRODUCTS}/${id}/variants`, { sku: workshop.name("SKU") }));
      return { path: `${PRODUCTS}/${id}/publish`, body: {}, code: "product-without-variants", mend };
    },
  },
  "POST /admin/v1/products/{id}/unpublish": {
    ...verb("unpublish", (workshop, id) => workshop.done(workshop.admin.post(`${PRODUCTS}/${id}/publish`))),
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.post(path.replace(/unpublish$/, "publish"))),
    refused: (workshop) => onDiscontinued(workshop, "/unpublish", {}),
  },
  "POST /admin/v1/products/{id}/discontinue": {
    ...verb("discontinue"),
    refused: async () => ({ path: `${PRODUCTS}/${NOBODY}/discontinue`, body: {}, code: "product-not-found" }),
  },
  "POST /admin/v1/categories": {
    accepted: async (workshop) => ({ path: CATEGORIES, body: { name: "A category", slug: workshop.slug() } }),
    otherBody: { name: "Another category", slug: "another-category" },
    meanwhile: (workshop, _, { body }) =>
      workshop.done(workshop.admin.patch(`${CATEGORIES}/${body.id}`, { name: "Renamed" })),
    async refused(workshop) {
      const slug = workshop.slug();
      const id = await workshop.category({ slug });
      const mend = () => workshop.done(workshop.admin.delete(`${CATEGORIES}/${id}`));
      return { path: CATEGORIES, body: { name: "A category", slug }, code: "slug-taken", mend };
    },
  },
  "PATCH /admin/v1/categories/{id}": {
    accepted: async (workshop) => ({ path: `${CATEGORIES}/${await workshop.category()}`, body: { name: "Renamed" } }),
    otherBody: { name: "Renamed otherwise" },
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.delete(path)),
    refused: async () => ({
      path: `${CATEGORIES}/${NOBODY}`,
      body: { name: "Renamed" },
      code: "category-not-found",
    }),
  },
  "PUT /admin/v1/categories/{id}/slug": {
    accepted: async (workshop) => ({
      path: `${CATEGORIES}/${await workshop.category()}/slug`,
      body: { slug: workshop.slug() },
    }),
    otherBody: { slug: "another-slug-of-a-category" },
    meanwhile: renamed,
    async refused(workshop) {
      const slug = workshop.slug();
      const owner = await workshop.category({ slug });
      const mend = () => workshop.done(workshop.admin.delete(`${CATEGORIES}/${owner}`));
      return { path: `${CATEGORIES}/${await workshop.category()}/slug`, body: { slug }, code: "slug-taken", mend };
    },
  },
  "POST /admin/v1/categories/{id}/move": {
    async accepted(workshop) {
      const parentId = await workshop.category();
      return { path: `${CATEGORIES}/${await workshop.category()}/move`, body: { parentId, position: 3 } };
    },
    otherBody: { parentId: null, position: 4 },
    meanwhile: renamed,
    async refused(workshop) {
      const id = await workshop.category();
      const child = await workshop.category({ parentId: id });
      const mend = () => workshop.done(workshop.admin.post(`${CATEGORIES}/${child}/move`, { parentId: null }));
      return { path: `${CATEGORIES}/${id}/move`, body: { parentId: child }, code: "category-cycle", mend };
    },
  },
  "DELETE /admin/v1/categories/{id}": {
    accepted: async (workshop) => ({ path: `${CATEGORIES}/${await workshop.category()}` }),
    otherBody: null,
    async refused(workshop) {
      const id = await workshop.category();
      const child = await workshop.category({ parentId: id });
      const mend = () => workshop.done(workshop.admin.delete(`${CATEGORIES}/${child}`));
      return { path: `${CATEGORIES}/${id}`, code: "category-not-empty", mend };
    },
  },
};
