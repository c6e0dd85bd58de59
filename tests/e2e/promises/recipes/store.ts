import { seen } from "../../../support/consistency";
import { ADDRESS, checkOut, fillIn, type Shopper } from "../../../support/shopper";
import { type Call, NOBODY, type Recipe, type Recipes, type RefusedCall, type Workshop } from "./workshop";

const by = ({ token }: Shopper, path: string, body?: unknown): Call => ({
  path,
  shopper: token,
  ...(body !== undefined && { body }),
});

/** A command on a cart that was given up. */
async function onClosed(workshop: Workshop, path: string, body?: unknown): Promise<RefusedCall> {
  const shopper = await workshop.shopper();
  await workshop.done(shopper.caller.delete(shopper.cart));
  return { ...by(shopper, `${shopper.cart}${path}`, body), code: "cart-closed" };
}

/** The shopper goes on with the cart: its e-mail address changes. */
const goesOn: NonNullable<Recipe["meanwhile"]> = (workshop, { shopper, path }) => {
  const cart = path.split("/").slice(0, 5).join("/");
  const caller = workshop.anyone.as(shopper ?? "");
  return workshop.done(caller.put(`${cart}/email`, { email: "later@example.org" }));
};

const express = { id: "express" };
const line1 = "221B Baker Street";

export const storeRecipes: Recipes = {
  "POST /store/v1/carts": {
    accepted: async () => ({ path: "/store/v1/carts", shopper: null, body: { currency: "GBP", country: "GB" } }),
    otherBody: { currency: "EUR", country: "GB" },
    meanwhile: (workshop, _, { body }) =>
      workshop.done(
        workshop.anyone.as(body.shopperToken).put(`/store/v1/carts/${body.id}/email`, { email: "later@example.org" }),
      ),
    // A fact from outside the cart, which is another one later.
    async refused(workshop) {
      const currency = workshop.currency();
      const body = { currency, country: "GB" };
      const mend = async () => {
        const content = { name: "A new one", fractionDigits: 2 };
        const { headers } = await workshop.done(workshop.admin.put(`/reference/v1/currencies/${currency}`, content));
        const token = { "Consistency-Token": headers["consistency-token"] ?? "" };
        await workshop.done(workshop.anyone.post("/store/v1/carts", body, token));
      };
      return { path: "/store/v1/carts", shopper: null, body, code: "unknown-currency", mend };
    },
  },
  "POST /store/v1/carts/{cartId}/items": {
    async accepted(workshop) {
      const shopper = await workshop.withItem();
      return by(shopper, `${shopper.cart}/items`, { sku: shopper.article.sku, quantity: 3 });
    },
    otherBody: { sku: "SOMETHING-ELSE", quantity: 3 },
    // The price changes, which later looks at the cart would tell.
    async meanwhile(workshop, { path, shopper, body }, answer) {
      const { sku } = body as { sku: string };
      const price = { currency: "GBP", amount: "77.00" };
      const priced = await workshop.done(workshop.admin.post(`/admin/v1/prices/${sku}`, price));
      const token = seen(priced);
      const cart = path.replace(/\/items$/, "");
      const { body: now } = await workshop.done(workshop.anyone.as(shopper ?? "").get(cart, { headers: token }));
      expect(now.pricesChanged).toBe(true);
      await goesOn(workshop, { path, shopper: shopper ?? "" }, answer);
    },
    async refused(workshop) {
      const shopper = await workshop.shopper();
      const sku = workshop.name("SKU");
      const mend = async () => workshop.add(await workshop.shopper(), await workshop.article({ sku }));
      return { ...by(shopper, `${shopper.cart}/items`, { sku, quantity: 1 }), code: "unknown-sku", mend };
    },
  },
  "PATCH /store/v1/carts/{cartId}/items/{lineId}": {
    async accepted(workshop) {
      const shopper = await workshop.withItem();
      return by(shopper, `${shopper.cart}/items/${shopper.lineId}`, { quantity: 7 });
    },
    otherBody: { quantity: 8 },
    meanwhile: (workshop, { path, shopper }) => workshop.done(workshop.anyone.as(shopper ?? "").delete(path)),
    async refused(workshop) {
      const shopper = await workshop.withItem();
      return { ...by(shopper, `${shopper.cart}/items/${NOBODY}`, { quantity: 7 }), code: "line-not-found" };
    },
  },
  "DELETE /store/v1/carts/{cartId}/items/{lineId}": {
    async accepted(workshop) {
      const shopper = await workshop.withItem();
      return by(shopper, `${shopper.cart}/items/${shopper.lineId}`);
    },
    otherBody: null,
    meanwhile: goesOn,
    async refused(workshop) {
      const shopper = await workshop.shopper();
      return { ...by(shopper, `${shopper.cart}/items/${NOBODY}`), code: "line-not-found" };
    },
  },
  "PUT /store/v1/carts/{cartId}/currency": {
    async accepted(workshop) {
      const shopper = await workshop.shopper();
      return by(shopper, `${shopper.cart}/currency`, { currency: "EUR" });
    },
    otherBody: { currency: "USD" },
    meanwhile: goesOn,
    async refused(workshop) {
      const shopper = await workshop.withItem();
      const mend = async () => {
        const price = { currency: "EUR", amount: "12.00" };
        const path = `/admin/v1/prices/${shopper.article.sku}`;
        const priced = await workshop.done(workshop.admin.post(path, price));
        const token = seen(priced);
        await workshop.done(shopper.caller.get(shopper.cart, { headers: token }));
      };
      return { ...by(shopper, `${shopper.cart}/currency`, { currency: "EUR" }), code: "no-price", mend };
    },
  },
  "PUT /store/v1/carts/{cartId}/country": {
    async accepted(workshop) {
      const shopper = await workshop.shopper();
      return by(shopper, `${shopper.cart}/country`, { country: "DE" });
    },
    otherBody: { country: "FR" },
    meanwhile: goesOn,
    async refused(workshop) {
      const shopper = await workshop.shopper();
      await workshop.done(shopper.caller.put(`${shopper.cart}/shipping-address`, ADDRESS));
      const mend = () =>
        workshop.done(shopper.caller.put(`${shopper.cart}/shipping-address`, { ...ADDRESS, country: "DE" }));
      return {
        ...by(shopper, `${shopper.cart}/country`, { country: "DE" }),
        code: "country-differs-from-address",
        mend,
      };
    },
  },
  "PUT /store/v1/carts/{cartId}/email": {
    async accepted(workshop) {
      const shopper = await workshop.shopper();
      return by(shopper, `${shopper.cart}/email`, { email: "first@example.org" });
    },
    otherBody: { email: "second@example.org" },
    meanwhile: goesOn,
    refused: (workshop) => onClosed(workshop, "/email", { email: "first@example.org" }),
  },
  "PUT /store/v1/carts/{cartId}/shipping-address": {
    async accepted(workshop) {
      const shopper = await workshop.shopper();
      return by(shopper, `${shopper.cart}/shipping-address`, ADDRESS);
    },
    otherBody: { ...ADDRESS, line1 },
    meanwhile: (workshop, { path, shopper }) =>
      workshop.done(workshop.anyone.as(shopper ?? "").put(path, { ...ADDRESS, line1 })),
    refused: (workshop) => onClosed(workshop, "/shipping-address", ADDRESS),
  },
  "PUT /store/v1/carts/{cartId}/shipping-method": {
    async accepted(workshop) {
      const shopper = await workshop.shopper();
      return by(shopper, `${shopper.cart}/shipping-method`, { id: "standard" });
    },
    otherBody: express,
    meanwhile: (workshop, { path, shopper }) => workshop.done(workshop.anyone.as(shopper ?? "").put(path, express)),
    async refused(workshop) {
      const shopper = await workshop.shopper({ currency: "GBP" });
      const mend = () => workshop.done(shopper.caller.put(`${shopper.cart}/country`, { country: "GB" }));
      return { ...by(shopper, `${shopper.cart}/shipping-method`, { id: "standard" }), code: "country-missing", mend };
    },
  },
  "POST /store/v1/carts/{cartId}/accept-prices": {
    async accepted(workshop) {
      const shopper = await workshop.withItem();
      const price = { currency: "GBP", amount: "11.00" };
      const priced = await workshop.done(workshop.admin.post(`/admin/v1/prices/${shopper.article.sku}`, price));
      const token = seen(priced);
      return { ...by(shopper, `${shopper.cart}/accept-prices`), headers: token };
    },
    otherBody: null,
    meanwhile: goesOn,
    refused: (workshop) => onClosed(workshop, "/accept-prices"),
  },
  "DELETE /store/v1/carts/{cartId}": {
    async accepted(workshop) {
      const shopper = await workshop.withItem();
      return by(shopper, shopper.cart);
    },
    otherBody: null,
    async refused(workshop) {
      const shopper = await workshop.ready();
      await workshop.done(checkOut(shopper));
      return { ...by(shopper, shopper.cart), code: "cart-closed" };
    },
  },
  "POST /store/v1/carts/{cartId}/checkout": {
    async accepted(workshop) {
      const shopper = await workshop.ready();
      return by(shopper, `${shopper.cart}/checkout`, { payment: { method: "test", token: "tok_approve" } });
    },
    otherBody: { payment: { method: "test", token: "tok_approve_another_card" } },
    async refused(workshop) {
      const shopper = await workshop.withItem();
      const body = { payment: { method: "test", token: "tok_approve" } };
      return { ...by(shopper, `${shopper.cart}/checkout`, body), code: "cart-incomplete", mend: () => fillIn(shopper) };
    },
  },
};
