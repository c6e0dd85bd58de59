import { type Call, type Workshop } from "./workshop";

/** Commands that are accepted and find that all is as they want it, until somebody changes it. */
export const idleRecipes: Readonly<
  Record<
    string,
    { call(workshop: Workshop): Promise<Call>; meanwhile(workshop: Workshop, call: Call): Promise<unknown> }
  >
> = {
  "PUT /store/v1/carts/{cartId}/email": {
    async call(workshop) {
      const { cart, token, caller } = await workshop.shopper();
      const [path, body] = [`${cart}/email`, { email: "ada@example.org" }];
      await workshop.done(caller.put(path, body));
      return { path, body, shopper: token };
    },
    meanwhile: (workshop, { path, shopper }) =>
      workshop.done(workshop.anyone.as(shopper ?? "").put(path, { email: "grace@example.org" })),
  },
  "POST /admin/v1/products/{id}/publish": {
    call: async (workshop) => ({ path: `/admin/v1/products/${(await workshop.article()).id}/publish` }),
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.post(path.replace(/publish$/, "unpublish"))),
  },
  // Another product has the slug by then.
  "PUT /admin/v1/products/{id}/slug": {
    async call(workshop) {
      const { id, slug } = await workshop.twins();
      return { path: `/admin/v1/products/${id}/slug`, body: { slug } };
    },
    async meanwhile(workshop, { path, body }) {
      await workshop.done(workshop.admin.put(path, { slug: workshop.slug() }));
      await workshop.product(body as object);
    },
  },
  "POST /admin/v1/prices/{sku}": {
    async call(workshop) {
      const { sku } = await workshop.article({ price: "10.00" });
      return { path: `/admin/v1/prices/${sku}`, body: { currency: "GBP", amount: "10.00" } };
    },
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.post(path, { currency: "GBP", amount: "12.00" })),
  },
  "PUT /admin/v1/stock/{location}/{sku}/backorder": {
    async call(workshop) {
      const { sku } = await workshop.article();
      return { path: `/admin/v1/stock/main/${sku}/backorder`, body: { allowBackorder: false } };
    },
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.put(path, { allowBackorder: true })),
  },
  "POST /admin/v1/bulk/prices": {
    async call(workshop) {
      const { sku } = await workshop.article({ price: "10.00" });
      return { path: "/admin/v1/bulk/prices", body: { entries: [{ sku, currency: "GBP", amount: "10.00" }] } };
    },
    meanwhile(workshop, { body }) {
      const { entries } = body as { entries: readonly { sku: string }[] };
      const path = `/admin/v1/prices/${entries[0]?.sku ?? ""}`;
      return workshop.done(workshop.admin.post(path, { currency: "GBP", amount: "12.00" }));
    },
  },
  "DELETE /reference/v1/currencies/{code}": {
    async call(workshop) {
      const path = `/reference/v1/currencies/${workshop.currency()}`;
      await workshop.done(workshop.admin.put(path, { name: "Quid", fractionDigits: 2 }));
      await workshop.done(workshop.admin.delete(path));
      return { path };
    },
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.put(path, { name: "Quid", fractionDigits: 2 })),
  },
};
