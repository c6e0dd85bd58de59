import { auditEvents, auditTrail } from "../domains/operations";
import { cart, cartEvents } from "../domains/cart";
import { catalogEvents, category, claim, product } from "../domains/catalog";
import { inventoryEvents, stock } from "../domains/inventory";
import { checkoutEvents, checkoutProcess, importRow, order, orderingEvents } from "../domains/ordering";
import { payment, paymentEvents } from "../domains/payment";
import { price, pricingEvents } from "../domains/pricing";
import { forgetting, privacyEvents } from "../domains/privacy";
import { country, currency, referenceEvents, taxrate } from "../domains/reference";
import { type Timings } from "../infra/observability";
import { paymentProviders, paymentReaction, testProvider } from "../infra/payments";
import { analyticsFeeds, totals } from "../projections/analytics";
import * as cartProjections from "../projections/cart";
import * as catalogProjections from "../projections/catalog";
import * as inventoryProjections from "../projections/inventory";
import * as orderingProjections from "../projections/ordering";
import * as paymentProjections from "../projections/payment";
import * as pricingProjections from "../projections/pricing";
import * as referenceProjections from "../projections/reference";
import { skusFor } from "../projections/skus";
import * as storefrontProjections from "../projections/storefront";
import { type Context } from "./context";
import { forgettingReaction, forgottenAnswers } from "./forgetting";

/** The bounded contexts; where the shop is a fleet, each is a service of that name. */
export const CONTEXTS = [
  "reference",
  "catalog",
  "pricing",
  "inventory",
  "cart",
  "ordering",
  "payment",
  "storefront",
  "privacy",
  "analytics",
  "operations",
] as const;
export type ContextName = (typeof CONTEXTS)[number];

export const isContext = (name: string): name is ContextName => (CONTEXTS as readonly string[]).includes(name);

export interface ContextOptions {
  /** Seconds that a payment may go unanswered. */
  readonly paymentTimeout: number;
  /** Is told how long payment providers take. */
  readonly timings?: Pick<Timings, "provider"> | undefined;
}

type Parts = Partial<Omit<Context, "name">> & { readonly name: ContextName };

const context = (parts: Parts): Context => ({
  events: {},
  aggregates: [],
  projections: [],
  feeds: [],
  processes: [],
  reactions: () => [],
  ...parts,
});

/** The payment services that shoppers can pay by. */
export const providers = paymentProviders([testProvider()]);

/** Every bounded context of the shop with its parts. */
export function contextsOf({ paymentTimeout, timings }: ContextOptions): readonly Context[] {
  return [
    context({
      name: "reference",
      events: referenceEvents,
      aggregates: [currency, country, taxrate],
      projections: [referenceProjections.currencies, referenceProjections.countries, referenceProjections.taxrates],
    }),
    context({
      name: "catalog",
      events: catalogEvents,
      aggregates: [product, category, claim],
      projections: [catalogProjections.products, catalogProjections.categories],
    }),
    context({
      name: "pricing",
      events: pricingEvents,
      aggregates: [price],
      projections: [pricingProjections.prices, pricingProjections.currencies, skusFor("pricing")],
    }),
    context({
      name: "inventory",
      events: inventoryEvents,
      aggregates: [stock],
      projections: [inventoryProjections.levels, skusFor("inventory")],
    }),
    context({
      name: "cart",
      events: cartEvents,
      aggregates: [cart],
      projections: [cartProjections.offers, cartProjections.regions, cartProjections.carts],
      // Checkout takes the process's first step itself, so that the shopper is told the order's number.
      commands: ["order"],
      // Shoppers' commands are all its own: of nobody else's requests anything personal is remembered.
      reactions: (_send, _forget, forgetAnswers) => [forgottenAnswers("cart", forgetAnswers)],
      personal: true,
    }),
    context({
      name: "ordering",
      events: { ...orderingEvents, ...checkoutEvents },
      aggregates: [order, importRow],
      projections: [orderingProjections.orders],
      processes: [checkoutProcess({ paymentTimeout: paymentTimeout * 1000 })],
      // The checkout process reserves, releases and ships stock, and has payments made and undone.
      commands: ["stock", "payment"],
      personal: true,
    }),
    context({
      name: "payment",
      events: paymentEvents,
      aggregates: [payment],
      projections: [paymentProjections.payments],
      reactions: (send) => [paymentReaction(providers, send, { times: timings?.provider })],
      personal: true,
    }),
    context({
      name: "storefront",
      projections: [storefrontProjections.products, storefrontProjections.categories],
    }),
    context({
      name: "privacy",
      events: privacyEvents,
      aggregates: [forgetting],
      reactions: (_, forget) => [forgettingReaction(forget)],
      personal: true,
    }),
    context({ name: "analytics", projections: [totals], feeds: analyticsFeeds, personal: true }),
    // It shows everybody's history as the log has it. Every process writes the audit trail (`audit-trail/`).
    context({ name: "operations", events: auditEvents, aggregates: [auditTrail], personal: true }),
  ];
}
