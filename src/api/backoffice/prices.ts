import { z } from "zod";
import { currencyCode, DomainError, millis, positiveDecimal, sku, timestamp } from "../../domains/kernel";
import {
  customerGroup,
  price,
  priceAt,
  type PriceEntry,
  priceEntry,
  priceId,
  priceKey,
  type PriceState,
  type PricingEvent,
  type SetPrice,
} from "../../domains/pricing";
import { type PriceRecord, type PricesDocument, standing } from "../../projections/pricing";
import { type Accepted, type CommandContext, deriveId } from "../../infra/runtime";
import { created, ok, type Route, route } from "../http";
import { type Services } from "../services";
import { executeUnless, portOf } from "./command-port";
import { changing, commandOf, reading, tagged, written } from "./conventions";
import { type Known } from "./known";

/** What is sent to set a price. */
export const newPrice = z.strictObject({
  currency: currencyCode,
  amount: positiveDecimal,
  customerGroup: customerGroup.nullable().default(null),
  validFrom: timestamp.describe("Now when absent.").optional(),
  validUntil: timestamp.nullable().default(null).describe("First moment at which it no longer holds."),
  priceId: priceId.describe("The caller's own name for it; setting it again changes nothing.").optional(),
});
export type NewPrice = z.output<typeof newPrice>;

const priceSchema = z.object({
  ...priceEntry.shape,
  setAt: z.string(),
  withdrawnAt: z.string().nullable(),
  status: z.enum(["in-force", "scheduled", "superseded", "ended", "withdrawn"]),
});

const pricesSchema = z
  .object({
    sku: z.string(),
    prices: z.array(priceSchema).describe("Every price ever set, newest last."),
    revision: z.int(),
  })
  .meta({ id: "BackOfficePrices" });

export const priceAnswerSchema = z
  .object({ sku: z.string(), revision: z.int(), price: priceEntry.describe("The price that holds by this.") })
  .meta({ id: "BackOfficePrice" });

type PriceOutcome = Accepted<PricingEvent, PriceState> | DomainError;

const params = z.object({ sku });

/** A SetPrice as the command's id makes it: the same each time but for a start that is left open. */
export function setPriceCommand(
  of: SetPrice["sku"],
  body: NewPrice,
  { commandId }: CommandContext,
  at: SetPrice["at"],
): SetPrice {
  const { priceId = deriveId("price", commandId), validFrom = at, ...terms } = body;
  return { type: "SetPrice", at, sku: of, ...terms, priceId, validFrom };
}

/** Prices by SKU. */
export function priceRoutes(services: Services, known: Known): readonly Route[] {
  const prices = services.models.get<PricesDocument>("pricing", "prices");
  const port = portOf(services);

  return [
    route({
      ...reading("readPrices"),
      method: "GET",
      path: "/admin/v1/prices/:sku",
      operationId: "adminGetPrices",
      summary: "All prices that a SKU has, had and will have",
      params,
      responses: { 200: { description: "The prices; their ETag is for If-Match", schema: pricesSchema } },
      refusals: { "sku-not-found": 404 },
      async handler({ params, consistencyToken }) {
        await services.level(prices, consistencyToken, `price-${params.sku}`);
        const found = await prices.get(params.sku);
        if (found) return ok(pricesView(found, services.now()), tagged(found.revision));
        return (await known.sku(params.sku)) ?? ok({ sku: params.sku, prices: [], revision: -1 });
      },
    }),
    route({
      ...changing("writePrices"),
      method: "POST",
      path: "/admin/v1/prices/:sku",
      operationId: "setPrice",
      summary: "Set a price",
      description:
        "It takes the place of the one before it in that currency and for those customers, from `validFrom` on. " +
        "Setting what holds anyway changes nothing and answers 200.",
      params,
      body: newPrice,
      responses: {
        201: { description: "The price that was set", schema: priceAnswerSchema },
        200: { description: "It held already", schema: priceAnswerSchema },
      },
      refusals: { "sku-not-found": 404, "currency-not-found": 422, "price-validity": 422, "price-id-taken": 409 },
      async handler(context) {
        const { params, body } = context;
        const around = commandOf(context);
        const command = setPriceCommand(params.sku, body, around, services.now());
        const objection = async () => (await known.currency(body.currency)) ?? (await known.sku(params.sku));
        const outcome: PriceOutcome = await services.together(around, () =>
          executeUnless(port, objection, price, params.sku, command, around),
        );
        if (outcome instanceof DomainError) return outcome;
        const answer = { sku: params.sku, revision: outcome.revision, price: priceAfter(outcome, command) };
        if (outcome.events.length === 0) return ok(answer, written(outcome));
        return created(`/admin/v1/prices/${encodeURIComponent(params.sku)}`, answer, written(outcome));
      },
    }),
    route({
      ...changing("writePrices"),
      method: "DELETE",
      path: "/admin/v1/prices/:sku/:priceId",
      operationId: "withdrawPrice",
      summary: "Withdraw a price, as if it had never been set",
      params: z.object({ sku, priceId }),
      responses: { 204: { description: "It no longer counts; the history keeps it" } },
      refusals: { "price-not-found": 404 },
      async handler(context) {
        const { sku, priceId } = context.params;
        const command = { type: "WithdrawPrice", at: services.now(), sku, priceId } as const;
        const outcome = await services.execute(price, sku, command, commandOf(context));
        return outcome instanceof DomainError ? outcome : { status: 204 as const, ...written(outcome) };
      },
    }),
  ];
}

/** The price that was set, or the one that held already. */
export function priceAfter({ events, state }: Accepted<PricingEvent, PriceState>, command: SetPrice): PriceEntry {
  const set = events.find((event) => event.type === "PriceSet")?.data;
  const { type: _, at: __, ...asked } = command;
  const { sku: ___, ...entry } = set ?? { ...asked, ...state.latest[priceKey(asked)] };
  return entry;
}

function pricesView(document: PricesDocument, at: string) {
  const counting = standing(document);
  const status = (entry: PriceRecord): z.output<typeof priceSchema>["status"] => {
    if (entry.withdrawnAt !== null) return "withdrawn";
    if (millis(entry.validFrom) > millis(at)) return "scheduled";
    if (entry.validUntil !== null && millis(entry.validUntil) <= millis(at)) return "ended";
    const { currency, customerGroup } = entry;
    const same = counting.filter((other) => priceKey(other) === priceKey(entry));
    return priceAt(same, { currency, customerGroup, at }) === entry ? "in-force" : "superseded";
  };
  const { _id, entries, revision } = document;
  return { sku: _id, prices: entries.map((entry) => ({ ...entry, status: status(entry) })), revision };
}
