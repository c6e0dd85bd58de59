import { z } from "zod";
import { cart as cartAggregate, noCart } from "../../domains/cart";
import { type CartId, countryCode, currencyCode, DomainError, type ShopperId } from "../../domains/kernel";
import { deriveId } from "../../infra/runtime";
import { created, type Route, route } from "../http";
import { type Services } from "../services";
import { type CartFacts } from "./cart-facts";
import { openedCartSchema, shownCart } from "./cart-view";
import { MOST_TAKEN_OVER, takenOver } from "./taken-over";
import { writtenAt } from "./written-at";

/** Opening a cart, which makes a shopper of whoever is none yet. */
export const openCartRoute = (services: Services, facts: CartFacts): Route =>
  route({
    method: "POST",
    path: "/store/v1/carts",
    operationId: "openCart",
    summary: "Open a cart",
    description:
      "Without a shopper token, the answer's `shopperToken` makes the caller a new shopper; an Idempotency-Key must " +
      "then be hard to guess (a UUID), since whoever repeats it is given the same cart and token. With `itemsOf` it " +
      "begins with the articles of an earlier cart of the shopper's own, at the prices of now; a shopper token that has " +
      "expired makes a new shopper, and is good for that alone.",
    tags: ["Carts"],
    security: "optional-shopper",
    body: z.strictObject({
      currency: currencyCode,
      country: countryCode.nullable().optional(),
      itemsOf: z
        .uuid()
        .optional()
        .describe(`The id of the cart whose articles it begins with (${MOST_TAKEN_OVER} at most), as far as they are for sale.`), // prettier-ignore
    }),
    responses: { 201: { description: "The cart", schema: openedCartSchema } },
    refusals: {
      "unknown-currency": 422,
      "unknown-country": 422,
      "idempotency-key-reused": 422,
      "cart-not-found": 404,
    },
    async handler({ body: { currency, country = null, itemsOf }, shopper, lapsed, command, consistencyToken }) {
      await facts.level(consistencyToken);
      const at = services.now();
      const plain = command();
      const owner = (shopper?.id ?? deriveId("shopper", plain.commandId)) as ShopperId;
      const cartId = deriveId("cart", plain.commandId) as CartId;
      const open = async () => {
        const taxation = (await facts.objectionTo(currency)) ?? (await facts.taxation(country, at));
        if (taxation instanceof DomainError) return taxation;
        const items = itemsOf && (await takenOver({ services, facts }, itemsOf, shopper ?? lapsed, { currency, cartId, at })); // prettier-ignore
        if (items instanceof DomainError) return items;
        return { type: "OpenCart", at, cartId, currency, country, owner, ...taxation, ...(items && { items }) } as const; // prettier-ignore
      };
      // Where it can be a repetition, what was decided then is what counts: prices, taxes and time are others by now.
      const assumeNew = plain.commandHash === undefined;
      const context = { ...plain, actor: `shopper:${owner}`, assumeNew, occurredAt: at };
      const outcome = await services.executeBuilt(cartAggregate, cartId, open, context);
      if (outcome instanceof DomainError) return outcome;
      if (outcome.state.status === "absent") return noCart(cartId);
      // A repeated request is answered with the prices, and the token, of then.
      const then = outcome.repeated ? await writtenAt(services.log, `cart-${cartId}`, outcome.revision) : undefined;
      const given = Date.parse(then ?? at);
      const quotes = await facts.quotesFor(outcome.state, then ?? at);
      const shopperToken = services.tokens.issue(owner, given);
      const shopperTokenExpiresAt = services.tokens.expiryOf(given).toISOString();
      return created(
        `/store/v1/carts/${cartId}`,
        { ...shownCart(outcome.state, quotes), shopperToken, shopperTokenExpiresAt },
        { etag: outcome.revision, token: outcome.position, headers: { "Shopper-Token": shopperToken } },
      );
    },
  });
