import { type Call, NOBODY, type Recipes, type Workshop } from "./workshop";

const GBP = { currency: "GBP", amount: "12.50" };

/** A stock command for an article that is not there yet. */
async function ofUnknown(workshop: Workshop, path: string, body: object) {
  const sku = workshop.name("SKU");
  const mend = () => workshop.article({ sku });
  return { path: `/admin/v1/stock/main/${sku}/${path}`, body, code: "sku-not-found", mend };
}

const ofStock = async (workshop: Workshop, path: string, body: object): Promise<Call> => ({
  path: `/admin/v1/stock/main/${(await workshop.article()).sku}/${path}`,
  body,
});

/** More of the same article comes in. */
const received = (workshop: Workshop, { path }: Call) =>
  workshop.done(workshop.admin.post(path.replace(/[a-z]+$/, "receipts"), { quantity: 9 }));

const ofOrder = async (workshop: Workshop, path: string, body: object, ...before: readonly [string, object?][]) => {
  const order = await workshop.order();
  for (const [step, content] of before) await workshop.done(workshop.admin.post(`${order.path}/${step}`, content));
  return { path: `${order.path}/${path}`, body };
};

const CANCEL = { reason: "customer-request", note: "She called." };

export const tradeRecipes: Recipes = {
  "POST /admin/v1/prices/{sku}": {
    accepted: async (workshop) => ({ path: `/admin/v1/prices/${(await workshop.article()).sku}`, body: GBP }),
    otherBody: { currency: "GBP", amount: "12.51" },
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.post(path, { currency: "GBP", amount: "99.00" })),
    async refused(workshop) {
      const sku = workshop.name("SKU");
      const mend = () => workshop.article({ sku });
      return { path: `/admin/v1/prices/${sku}`, body: GBP, code: "sku-not-found", mend };
    },
  },
  "DELETE /admin/v1/prices/{sku}/{priceId}": {
    async accepted(workshop) {
      const path = `/admin/v1/prices/${(await workshop.article()).sku}`;
      await workshop.done(workshop.admin.post(path, { ...GBP, priceId: "spring" }));
      return { path: `${path}/spring` };
    },
    otherBody: null,
    async refused(workshop) {
      const path = `/admin/v1/prices/${(await workshop.article()).sku}`;
      const mend = () => workshop.done(workshop.admin.post(path, { ...GBP, priceId: "autumn" }));
      return { path: `${path}/autumn`, code: "price-not-found", mend };
    },
  },
  "POST /admin/v1/stock/{location}/{sku}/receipts": {
    accepted: (workshop) => ofStock(workshop, "receipts", { quantity: 5, reference: "a paper" }),
    otherBody: { quantity: 6, reference: "a paper" },
    meanwhile: received,
    refused: (workshop) => ofUnknown(workshop, "receipts", { quantity: 5 }),
  },
  "POST /admin/v1/stock/{location}/{sku}/adjustments": {
    accepted: (workshop) => ofStock(workshop, "adjustments", { delta: -3, reason: "broken" }),
    otherBody: { delta: -4, reason: "broken" },
    meanwhile: received,
    async refused(workshop) {
      const { path } = await ofStock(workshop, "adjustments", {});
      const mend = () => received(workshop, { path });
      return { path, body: { delta: -51, reason: "lost" }, code: "insufficient-stock", mend };
    },
  },
  "PUT /admin/v1/stock/{location}/{sku}/backorder": {
    accepted: (workshop) => ofStock(workshop, "backorder", { allowBackorder: true }),
    otherBody: { allowBackorder: false },
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.put(path, { allowBackorder: false })),
    refused: (workshop) => ofUnknown(workshop, "backorder", { allowBackorder: true }),
  },
  "POST /admin/v1/orders/{id}/cancel": {
    accepted: (workshop) => ofOrder(workshop, "cancel", CANCEL),
    otherBody: { reason: "fraud" },
    async refused(workshop) {
      return { ...(await ofOrder(workshop, "cancel", CANCEL, ["complete"])), code: "order-completed" };
    },
  },
  "POST /admin/v1/orders/{id}/complete": {
    accepted: (workshop) => ofOrder(workshop, "complete", { reason: "packed" }),
    otherBody: { reason: "packed twice" },
    async refused(workshop) {
      return { ...(await ofOrder(workshop, "complete", {}, ["cancel", CANCEL])), code: "order-cancelled" };
    },
  },
  "POST /admin/v1/orders/{id}/capture": {
    accepted: (workshop) => ofOrder(workshop, "capture", { amount: "5.00" }),
    otherBody: { amount: "6.00" },
    meanwhile: (workshop, { path }) => workshop.done(workshop.admin.post(path, { amount: "7.00" })),
    async refused(workshop) {
      return { ...(await ofOrder(workshop, "capture", { amount: "1000.00" })), code: "exceeds-authorisation" };
    },
  },
  "POST /admin/v1/orders/{id}/refund": {
    accepted: (workshop) =>
      ofOrder(workshop, "refund", { amount: "5.00", reason: "a scratch" }, ["capture", { amount: "12.00" }]),
    otherBody: { amount: "6.00", reason: "a scratch" },
    meanwhile: (workshop, { path }) =>
      workshop.done(workshop.admin.post(path, { amount: "2.00", reason: "another scratch" })),
    async refused(workshop) {
      const call = await ofOrder(workshop, "refund", { amount: "5.00", reason: "a scratch" });
      const mend = () => workshop.done(workshop.admin.post(call.path.replace(/refund$/, "capture")));
      return { ...call, code: "nothing-to-refund", mend };
    },
  },
};

export const privacyRecipes: Recipes = {
  "POST /admin/v1/people/{id}/forget": {
    async accepted(workshop) {
      const { id } = await workshop.order();
      const { body } = await workshop.admin.get(`/admin/v1/orders/${id}`);
      return { path: `/admin/v1/people/${body.shopperId}/forget`, body: { reason: "asked by letter" } };
    },
    otherBody: { reason: "asked by telephone" },
  },
};

/** Entries that are accepted and one that is refused: the answer as a whole is repeated. */
export const bulkRecipes: Recipes = {
  "POST /admin/v1/bulk/products": {
    async accepted(workshop) {
      const id = await workshop.product({ variants: [{ sku: workshop.name("SKU") }] });
      const entries = [
        { title: "One of many", slug: workshop.slug(), variants: [{ sku: workshop.name("SKU") }] },
        { op: "publish", id },
        { op: "unpublish", id },
        { op: "discontinue", id: NOBODY },
      ];
      return { path: "/admin/v1/bulk/products", body: { entries } };
    },
    otherBody: { entries: [{ title: "Something else", slug: "something-else" }] },
  },
  "POST /admin/v1/bulk/prices": {
    async accepted(workshop) {
      const [{ sku }, missing] = [await workshop.article(), workshop.name("SKU")];
      const entries = [
        { sku, ...GBP },
        { sku, currency: "EUR", amount: "14.00" },
        { sku: missing, ...GBP },
      ];
      return { path: "/admin/v1/bulk/prices", body: { entries } };
    },
    otherBody: { entries: [{ sku: "SOMETHING-ELSE", ...GBP }] },
    meanwhile: (workshop, { body }) => {
      const { entries } = body as { entries: readonly { sku: string }[] };
      return workshop.article({ sku: entries[2]?.sku ?? "" });
    },
  },
  "POST /admin/v1/bulk/stock": {
    async accepted(workshop) {
      const [{ sku }, missing] = [await workshop.article(), workshop.name("SKU")];
      const entries = [
        { sku, quantity: 5 },
        { op: "adjust", sku, delta: -2, reason: "broken" },
        { sku: missing, quantity: 5 },
      ];
      return { path: "/admin/v1/bulk/stock", body: { entries } };
    },
    otherBody: { entries: [{ sku: "SOMETHING-ELSE", quantity: 5 }] },
    meanwhile: (workshop, { body }) => {
      const { entries } = body as { entries: readonly { sku: string }[] };
      return workshop.article({ sku: entries[2]?.sku ?? "" });
    },
  },
};
