import { z } from "zod";
import { noCart } from "../../domains/cart";
import { currencyCode, type CurrencyCode } from "../../domains/kernel";
import { type CartDocument, type OfferDocument, offerKey } from "../../projections/cart";
import { type OrderDocument } from "../../projections/ordering";
import { type StorefrontDocument } from "../../projections/storefront";
import { type Context, events, EVENTS_TYPE, missing, prepare, type ResponseSpec, type Route, route } from "../http";
import { LiveViews, type LiveView } from "../live";
import { type Services } from "../services";
import { CartFacts } from "./cart-facts";
import { cartSchema, shownCart } from "./cart-view";
import { noOrder, orderSchema, shownOrder } from "./order-view";
import { type ProductPages } from "./product-pages";
import { productSchema } from "./product-view";

const shared = {
  method: "GET",
  heeds: ["Consistency-Token", "Last-Event-ID"],
  cache: "no-store",
} as const;

const HOW =
  "Server-sent events without end: first the present state, then the whole new state after each change, at most about " +
  "ten in a second. The `id` of each can be sent as `Last-Event-ID` by a caller that comes back, and as " +
  "`Consistency-Token` elsewhere. A comment is sent every 15 seconds when there is nothing else.";

const answers = <S extends z.ZodType>(what: string, schema: S) =>
  ({
    200: { description: `Events \`${what}\`, the \`data\` of each as here`, schema, mediaType: EVENTS_TYPE },
  }) satisfies Readonly<Record<number, ResponseSpec>>;

type Caller = Pick<Context, "consistencyToken" | "lastEventId">;

/** What a caller has seen must not be older in the first event. */
const seenBy = ({ consistencyToken: token, lastEventId: last }: Caller): bigint | undefined =>
  token === undefined || (last !== undefined && last.position > token) ? last?.position : token;

const follower = () => {
  const live = new LiveViews();
  return (view: LiveView, { lastEventId }: Caller) => events(live.follow(view, lastEventId?.mark));
};

/** A cart as it changes. */
export function liveCartRoutes(services: Services): readonly Route[] {
  const carts = services.models.get<CartDocument>("cart", "carts");
  const offers = services.models.get<OfferDocument>("cart", "offers");
  const facts = new CartFacts(services);
  const follow = follower();

  const cartView = (cartId: string, owner: string): LiveView => ({
    event: "cart",
    model: carts,
    async read(watch) {
      watch(carts, cartId);
      const document = await carts.get(cartId);
      if (document?.cart.owner !== owner) return undefined;
      const { cart } = document;
      if (cart.status === "open") for (const { sku } of cart.lines) watch(offers, offerKey(sku));
      return prepare(shownCart(cart, await facts.quotesFor(cart, services.now())));
    },
  });

  return [
    route({
      ...shared,
      path: "/store/v1/carts/:cartId/live",
      operationId: "followCart",
      summary: "The cart whenever it changes",
      description: HOW,
      tags: ["Carts"],
      security: "shopper",
      responses: answers("cart", cartSchema),
      refusals: { "cart-not-found": 404 },
      async handler(context) {
        const { params, shopper } = context;
        const seen = seenBy(context);
        await facts.level(seen);
        await services.level(carts, seen, `cart-${params.cartId}`);
        const document = await carts.get(params.cartId);
        if (document?.cart.owner !== shopper.id) return noCart(params.cartId);
        return follow(cartView(params.cartId, shopper.id), context);
      },
    }),
  ];
}

/** An order as it changes. */
export function liveOrderRoutes(services: Services): readonly Route[] {
  const orders = services.models.get<OrderDocument>("ordering", "orders");
  const follow = follower();

  const orderView = (orderId: string, owner: string): LiveView => ({
    event: "order",
    model: orders,
    async read(watch) {
      watch(orders, orderId);
      const document = await orders.get(orderId);
      const shown = document?.owner === owner ? shownOrder(document) : undefined;
      return shown && prepare(shown);
    },
  });

  return [
    route({
      ...shared,
      path: "/store/v1/orders/:orderId/live",
      operationId: "followOrder",
      summary: "An order of the shopper's own whenever it changes",
      description: HOW,
      tags: ["Orders"],
      security: "shopper",
      responses: answers("order", orderSchema),
      refusals: { "order-not-found": 404 },
      async handler(context) {
        const { params, shopper } = context;
        await services.level(orders, seenBy(context), `order-${params.orderId}`);
        const document = await orders.get(params.orderId);
        if (document?.owner !== shopper.id || !shownOrder(document)) return noOrder(params.orderId);
        return follow(orderView(params.orderId, shopper.id), context);
      },
    }),
  ];
}

/** A product as it changes. */
export function liveProductRoutes(services: Services, pages: ProductPages): readonly Route[] {
  const products = services.models.get<StorefrontDocument>("storefront", "products");
  const follow = follower();

  const productView = (documentId: string, currency: CurrencyCode): LiveView => ({
    event: "product",
    model: products,
    async read(watch) {
      watch(products, documentId);
      const document = await pages.get(documentId);
      return document && pages.page(document, currency);
    },
  });

  return [
    route({
      ...shared,
      path: "/store/v1/products/:idOrSlug/live",
      operationId: "followProduct",
      summary: "A product's page whenever its stock, its price or anything else of it changes",
      description: `${HOW} A product that is taken out of the shop is told as \`gone\`, with \`null\`.`,
      tags: ["Storefront"],
      security: "public",
      query: z.strictObject({ currency: currencyCode.optional() }),
      responses: answers("product", productSchema),
      async handler(context) {
        const { params, query } = context;
        await services.level(products, seenBy(context));
        const document = await pages.find(params.idOrSlug);
        if (!document) return missing("product");
        const currency = query.currency ?? (services.currency as CurrencyCode);
        return follow(productView(document._id, currency), context);
      },
    }),
  ];
}
