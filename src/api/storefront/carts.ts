import { z } from "zod";
import { address, cart as cartAggregate, cartView, email, noCart, QUOTES_INCOMPLETE, shippingMethods, type Cart, type CartCommand } from "../../domains/cart"; // prettier-ignore
import { type CartId, countryCode, currencyCode, DomainError, type LineId, quantity, type ShopperId, sku } from "../../domains/kernel"; // prettier-ignore
import { type CommandContext, deriveId } from "../../infra/runtime";
import { type CartDocument } from "../../projections/cart";
import { type Context, ok, type Route, route } from "../http";
import { moneyView } from "../shared/schemas";
import { type Services } from "../services";
import { CartFacts } from "./cart-facts";
import { cartSchema, shippingMethodSchema, type ShownCart, shownCart } from "./cart-view";
import { openCartRoute } from "./open-cart";
import { writtenAt } from "./written-at";

const REFUSALS = {
  "cart-not-found": 404,
  "cart-closed": 409,
  "stale-revision": 412,
  contention: 409,
  "idempotency-key-reused": 422,
} as const;
const PRICE_REFUSALS = {
  "not-for-sale": 409,
  "no-price": 409,
  "amount-too-large": 409,
  "quotes-incomplete": 409,
} as const;
const TAGS = ["Carts"];
const HEEDS = ["Idempotency-Key", "If-Match"] as const;
const RESPONSES = { 200: { description: "The cart as it is now", schema: cartSchema } };

type Caller = Pick<Context<unknown, unknown, unknown, unknown, "shopper">, "shopper" | "command">;

/** How often prices are looked up for a cart that changes meanwhile. */
const LOOKUPS = 3;

/** Carts: each belongs to the shopper who opened it, and is not there for anybody else. */
export function cartRoutes(services: Services): readonly Route[] {
  const carts = services.models.get<CartDocument>("cart", "carts");
  const facts = new CartFacts(services);

  const shown = async (cart: Cart, at: string = services.now()): Promise<ShownCart> =>
    shownCart(cart, await facts.quotesFor(cart, at));

  /** Executes a command on the caller's cart; answers the whole cart. */
  async function change(caller: Caller, cartId: string, build: (command: CommandContext) => Built | Promise<Built>) {
    const context = caller.command();
    const command = async () => {
      const part = await build(context);
      if (part instanceof DomainError) return part;
      return {
        ...part,
        at: services.now(),
        cartId: cartId as CartId,
        by: caller.shopper.id as ShopperId,
      } as CartCommand;
    };
    const outcome = await services.executeBuilt(cartAggregate, cartId, command, context);
    if (outcome instanceof DomainError) return outcome;
    if (outcome.state.status === "absent") return noCart(cartId);
    // A repeated command is answered with the prices of then, as it was the first time.
    const at = outcome.repeated ? await writtenAt(services.log, `cart-${cartId}`, outcome.revision) : undefined;
    return ok(await shown(outcome.state, at), { etag: outcome.revision, token: outcome.position });
  }

  /**
   * Executes a command for which prices are looked up by the cart as this process last saw it, and again by what the log
   * has where another process has changed it since.
   */
  async function changePriced(
    caller: Caller,
    cartId: string,
    build: (cart: Cart, command: CommandContext) => Built | Promise<Built>,
  ) {
    for (let lookup = 1; ; lookup++) {
      const answer = await change(caller, cartId, async (command) => {
        const cart = await peek(caller, cartId, lookup === 1);
        return cart instanceof DomainError ? cart : build(cart, command);
      });
      const outdated = answer instanceof DomainError && answer.code === QUOTES_INCOMPLETE;
      if (!outdated || lookup === LOOKUPS) return answer;
    }
  }

  /** The caller's cart, for looking up what a command on it needs; the decider has the last word. */
  async function peek(
    { shopper }: Pick<Caller, "shopper">,
    cartId: string,
    fromMemory: boolean,
  ): Promise<Cart | DomainError> {
    const kept = fromMemory ? services.commands.peek(cartAggregate, cartId) : undefined;
    const state = kept ?? (await services.commands.load(cartAggregate, cartId)).state;
    return state.status === "absent" || state.owner !== shopper.id ? noCart(cartId) : state;
  }

  async function read(shopperId: string, cartId: string, token: bigint | undefined) {
    await services.level(carts, token, `cart-${cartId}`);
    const document = await carts.get(cartId);
    return document?.cart.owner === shopperId ? document : undefined;
  }

  return [
    openCartRoute(services, facts),
    route({
      method: "GET",
      path: "/store/v1/carts/:cartId",
      operationId: "getCart",
      summary: "The cart",
      tags: TAGS,
      security: "shopper",
      responses: RESPONSES,
      refusals: { "cart-not-found": 404 },
      async handler({ params: { cartId }, shopper, consistencyToken }) {
        await facts.level(consistencyToken);
        const document = await read(shopper.id, cartId, consistencyToken);
        if (!document) return noCart(cartId);
        const content = await shown(document.cart);
        // Prices change without the cart changing: then its revision does not tell the answers apart.
        return ok(content, content.pricesChanged ? {} : { etag: document.revision });
      },
    }),
    route({
      method: "POST",
      path: "/store/v1/carts/:cartId/items",
      operationId: "addItem",
      summary: "Put an article into the cart",
      description: "An article that is in it already gets more pieces, all of them at the price of now.",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      body: z.strictObject({ sku, quantity }),
      responses: RESPONSES,
      refusals: { ...REFUSALS, ...PRICE_REFUSALS, "unknown-sku": 422, "quantity-too-large": 422, "cart-full": 409 },
      async handler(context) {
        const { params, body } = context;
        await facts.level(context.consistencyToken);
        return changePriced(context, params.cartId, async ({ currency }, { commandId }) => {
          const lineId = deriveId("line", commandId) as LineId;
          const offer = await facts.offer(body.sku, currency, services.now());
          return { type: "AddItem", lineId, ...body, offer };
        });
      },
    }),
    route({
      method: "PATCH",
      path: "/store/v1/carts/:cartId/items/:lineId",
      operationId: "changeItemQuantity",
      summary: "Change how many pieces of an article",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      body: z.strictObject({ quantity: quantity.describe("The whole new quantity.") }),
      responses: RESPONSES,
      refusals: { ...REFUSALS, ...PRICE_REFUSALS, "line-not-found": 404, "quantity-too-large": 422 },
      async handler(context) {
        const { params, body } = context;
        await facts.level(context.consistencyToken);
        const lineId = params.lineId as LineId;
        return changePriced(context, params.cartId, async ({ lines, currency }) => {
          const line = lines.find((known) => known.lineId === lineId);
          const offer = line && (await facts.offer(line.sku, currency, services.now()));
          return { type: "ChangeItemQuantity", lineId, ...body, offer };
        });
      },
    }),
    route({
      method: "DELETE",
      path: "/store/v1/carts/:cartId/items/:lineId",
      operationId: "removeItem",
      summary: "Take an article out of the cart",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      responses: RESPONSES,
      refusals: { ...REFUSALS, "line-not-found": 404 },
      handler: (context) =>
        change(context, context.params.cartId, () => ({
          type: "RemoveItem",
          lineId: context.params.lineId as LineId,
        })),
    }),
    route({
      method: "PUT",
      path: "/store/v1/carts/:cartId/currency",
      operationId: "setCartCurrency",
      summary: "Change the currency",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      body: z.strictObject({ currency: currencyCode }),
      responses: RESPONSES,
      refusals: { ...REFUSALS, ...PRICE_REFUSALS, "unknown-currency": 422 },
      async handler(context) {
        const { currency } = context.body;
        await facts.level(context.consistencyToken);
        return changePriced(context, context.params.cartId, async (cart) => {
          const objection = await facts.objectionTo(currency);
          if (objection !== undefined) return objection;
          const quotes = await facts.quotesFor({ ...cart, currency }, services.now());
          return { type: "SetCartCurrency", currency, quotes };
        });
      },
    }),
    route({
      method: "PUT",
      path: "/store/v1/carts/:cartId/country",
      operationId: "setCartCountry",
      summary: "Change the country that decides on tax and shipping",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      body: z.strictObject({ country: countryCode }),
      responses: RESPONSES,
      refusals: { ...REFUSALS, "unknown-country": 422, "country-differs-from-address": 409 },
      async handler(context) {
        const { country } = context.body;
        await facts.level(context.consistencyToken);
        return change(context, context.params.cartId, async () => {
          const taxation = await facts.taxation(country, services.now());
          return taxation instanceof DomainError ? taxation : { type: "SetCartCountry", country, ...taxation };
        });
      },
    }),
    route({
      method: "PUT",
      path: "/store/v1/carts/:cartId/email",
      operationId: "setCartEmail",
      summary: "Set the e-mail address for news of the order",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      body: z.strictObject({ email }),
      responses: RESPONSES,
      refusals: REFUSALS,
      handler: (context) =>
        change(context, context.params.cartId, () => ({ type: "SetCartEmail", email: context.body.email })),
    }),
    route({
      method: "PUT",
      path: "/store/v1/carts/:cartId/shipping-address",
      operationId: "setShippingAddress",
      summary: "Set where the goods go",
      description: "The address's country becomes the cart's.",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      body: address,
      responses: RESPONSES,
      refusals: { ...REFUSALS, "unknown-country": 422 },
      async handler(context) {
        await facts.level(context.consistencyToken);
        const { body: address } = context;
        return change(context, context.params.cartId, async () => {
          const taxation = await facts.taxation(address.country, services.now());
          return taxation instanceof DomainError ? taxation : { type: "SetShippingAddress", address, ...taxation };
        });
      },
    }),
    route({
      method: "GET",
      path: "/store/v1/carts/:cartId/shipping-methods",
      operationId: "listShippingMethods",
      summary: "How the cart can be shipped, and what that costs",
      description: "None while the country is not known.",
      tags: TAGS,
      security: "shopper",
      responses: { 200: { description: "The methods", schema: z.object({ items: z.array(shippingMethodSchema) }) } },
      refusals: { "cart-not-found": 404 },
      async handler({ params: { cartId }, shopper, consistencyToken }) {
        const document = await read(shopper.id, cartId, consistencyToken);
        if (!document) return noCart(cartId);
        const { currency, country } = document.cart;
        if (country === null) return ok({ items: [] });
        const items = cartView(document.cart).totals.items.amount;
        const methods = shippingMethods({ currency, country, items });
        return ok({ items: methods.map(({ id, name, price }) => ({ id, name, price: moneyView(price, currency) })) });
      },
    }),
    route({
      method: "PUT",
      path: "/store/v1/carts/:cartId/shipping-method",
      operationId: "setShippingMethod",
      summary: "Choose how the cart is shipped",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      body: z.strictObject({ id: z.string().min(1).max(64).describe("Of one of the cart's shipping methods.") }),
      responses: RESPONSES,
      refusals: { ...REFUSALS, "country-missing": 409, "unknown-shipping-method": 422 },
      handler: (context) =>
        change(context, context.params.cartId, () => ({ type: "SetShippingMethod", methodId: context.body.id })),
    }),
    route({
      method: "POST",
      path: "/store/v1/carts/:cartId/accept-prices",
      operationId: "acceptPrices",
      summary: "Take the prices of now for those of the moment of adding",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      responses: RESPONSES,
      refusals: { ...REFUSALS, ...PRICE_REFUSALS },
      async handler(context) {
        await facts.level(context.consistencyToken);
        return changePriced(context, context.params.cartId, async (cart) => {
          return { type: "AcceptPrices", quotes: await facts.quotesFor(cart, services.now()) };
        });
      },
    }),
    route({
      method: "DELETE",
      path: "/store/v1/carts/:cartId",
      operationId: "abandonCart",
      summary: "Give the cart up",
      tags: TAGS,
      security: "shopper",
      heeds: HEEDS,
      responses: RESPONSES,
      refusals: REFUSALS,
      handler: (context) =>
        change(context, context.params.cartId, () => ({ type: "AbandonCart", reason: "given up by the shopper" })),
    }),
  ];
}

/** A command without what all commands to one cart have in common. */
type Part = CartCommand extends infer C ? (C extends CartCommand ? Omit<C, "at" | "cartId" | "by"> : never) : never;
type Built = Part | DomainError;
