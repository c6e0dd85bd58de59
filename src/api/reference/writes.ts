import { z } from "zod";
import { countryCode, currencyCode, DomainError, type Timestamp, timestamp } from "../../domains/kernel";
import {
  country,
  type CountryState,
  currency,
  type CurrencyState,
  taxCategory,
  taxRate,
  taxrate,
  taxRegime,
} from "../../domains/reference";
import { type Accepted } from "../../infra/runtime";
import { created, ok, type Route, route } from "../http";
import { type Services } from "../services";
import { currencySchema, taxRateSchema } from "./views";

const shared = { tags: ["Reference"], security: { roles: ["finance", "catalogue"] } } as const;

const currencyBody = z
  .strictObject({
    name: z.string().min(1).max(100),
    fractionDigits: z.int().min(0).max(4).describe("Digits after the point that can be paid."),
    numeric: z
      .string()
      .regex(/^\d{3}$/, "an ISO 4217 numeric code such as 826")
      .optional(),
  })
  .meta({ example: { name: "British Pound", fractionDigits: 2, numeric: "826" } });
const countryBody = z
  .strictObject({ name: z.string().min(1).max(100), taxRegime })
  .meta({ example: { name: "United Kingdom", taxRegime: "inclusive" } });
const rateBody = z.strictObject({
  rate: taxRate,
  validFrom: timestamp.describe("May lie ahead; now when absent.").optional(),
});

/** A country as a write answers it: without its tax rates, which are written for themselves. */
const countryWrittenSchema = z
  .object({ code: countryCode, name: z.string(), taxRegime, withdrawn: z.boolean() })
  .meta({ id: "CountryWritten" });

type Known<State> = Exclude<State, { readonly status: "unknown" }>;

function currencyView(state: CurrencyState) {
  const { code, name, fractionDigits, numeric = null, status } = state as Known<CurrencyState>;
  return { code, name, fractionDigits, numeric, withdrawn: status === "withdrawn" };
}

function countryView(state: CountryState) {
  const { code, name, taxRegime, status } = state as Known<CountryState>;
  return { code, name, taxRegime, withdrawn: status === "withdrawn" };
}

const extras = ({ position, revision }: Accepted) => ({ token: position, etag: revision });

/** Changes to reference data. */
export function referenceWrites(services: Services): readonly Route[] {
  const at = () => services.now() as Timestamp;
  return [
    route({
      ...shared,
      method: "PUT",
      path: "/reference/v1/currencies/:code",
      operationId: "putCurrency",
      summary: "Adds a currency, corrects it, or brings a withdrawn one back",
      params: z.object({ code: currencyCode }),
      body: currencyBody,
      responses: {
        200: { description: "The currency", schema: currencySchema },
        201: { description: "The currency, new", schema: currencySchema },
      },
      async handler(context) {
        const { code } = context.params;
        const command = { type: "DefineCurrency", at: at(), code, ...context.body } as const;
        const outcome = await services.execute(currency, code, command, context.command());
        if (outcome instanceof DomainError) return outcome;
        const view = currencyView(outcome.state);
        return outcome.revision === 0
          ? created(`/reference/v1/currencies/${code}`, view, extras(outcome))
          : ok(view, extras(outcome));
      },
    }),
    route({
      ...shared,
      method: "DELETE",
      path: "/reference/v1/currencies/:code",
      operationId: "withdrawCurrency",
      summary: "Withdraws a currency: it takes no new prices; what was sold in it stays",
      params: z.object({ code: currencyCode }),
      responses: { 200: { description: "The currency, withdrawn", schema: currencySchema } },
      refusals: { "currency-not-found": 404 },
      async handler(context) {
        const { code } = context.params;
        const command = { type: "WithdrawCurrency", at: at(), code } as const;
        const outcome = await services.execute(currency, code, command, context.command());
        return outcome instanceof DomainError ? outcome : ok(currencyView(outcome.state), extras(outcome));
      },
    }),
    route({
      ...shared,
      method: "PUT",
      path: "/reference/v1/countries/:code",
      operationId: "putCountry",
      summary: "Adds a country, corrects it, or brings a withdrawn one back",
      params: z.object({ code: countryCode }),
      body: countryBody,
      responses: {
        200: { description: "The country", schema: countryWrittenSchema },
        201: { description: "The country, new", schema: countryWrittenSchema },
      },
      async handler(context) {
        const { code } = context.params;
        const command = { type: "DefineCountry", at: at(), code, ...context.body } as const;
        const outcome = await services.execute(country, code, command, context.command());
        if (outcome instanceof DomainError) return outcome;
        const view = countryView(outcome.state);
        return outcome.revision === 0
          ? created(`/reference/v1/countries/${code}`, view, extras(outcome))
          : ok(view, extras(outcome));
      },
    }),
    route({
      ...shared,
      method: "DELETE",
      path: "/reference/v1/countries/:code",
      operationId: "withdrawCountry",
      summary: "Withdraws a country: it takes no new orders",
      params: z.object({ code: countryCode }),
      responses: { 200: { description: "The country, withdrawn", schema: countryWrittenSchema } },
      refusals: { "country-not-found": 404 },
      async handler(context) {
        const { code } = context.params;
        const command = { type: "WithdrawCountry", at: at(), code } as const;
        const outcome = await services.execute(country, code, command, context.command());
        return outcome instanceof DomainError ? outcome : ok(countryView(outcome.state), extras(outcome));
      },
    }),
    route({
      ...shared,
      method: "PUT",
      path: "/reference/v1/tax-rates/:country/:category",
      operationId: "setTaxRate",
      summary: "Sets a tax rate from some moment on; earlier rates stay known for what was sold then",
      params: z.object({ country: countryCode, category: taxCategory }),
      body: rateBody,
      responses: { 200: { description: "The rate as it was set", schema: taxRateSchema } },
      async handler(context) {
        const { country: code, category } = context.params;
        const { rate, validFrom = at() } = context.body;
        const command = {
          type: "SetTaxRate",
          at: at(),
          country: code,
          taxCategory: category,
          rate,
          validFrom,
        } as const;
        const outcome = await services.execute(taxrate, code, command, context.command());
        if (outcome instanceof DomainError) return outcome;
        // A repeated request is answered with the moment that the first one set.
        const from = outcome.events.at(-1)?.data.validFrom ?? validFrom;
        return ok({ country: code, category, rate, validFrom: from }, extras(outcome));
      },
    }),
  ];
}
