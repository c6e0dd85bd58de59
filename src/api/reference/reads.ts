import { z } from "zod";
import { countryCode, currencyCode, millis, notFound, timestamp } from "../../domains/kernel";
import { taxCategory } from "../../domains/reference";
import { type CountryDocument, type CurrencyDocument, type TaxRatesDocument } from "../../projections/reference";
import { AnswerCache } from "../answer-cache";
import { cacheControl, flag, type Prepared, raw, type RawReply, route, type Route } from "../http";
import { type Services } from "../services";
import { countrySchema, countryView, currencySchema, currencyView, taxRateSchema, taxRatesView } from "./views";

const shared = {
  method: "GET",
  tags: ["Reference"],
  security: "public",
  cache: cacheControl({ maxAge: 60, staleWhileRevalidate: 600 }),
} as const;

/** Kept for a minute; not by a cache that somebody asks for a write of a moment ago. */
const kept = (answer: Prepared): RawReply => raw(answer, { headers: { Vary: "Consistency-Token" } });

const listQuery = z.strictObject({
  withdrawn: flag().describe("`true`: also those that were withdrawn.").optional(),
});

const taxRateQuery = z.strictObject({
  country: countryCode.optional(),
  category: taxCategory.optional(),
  at: timestamp.describe("In force then; now when absent.").optional(),
});

const list = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item) });

/** Reference data as everybody may read it. */
export function referenceReads(services: Services): readonly Route[] {
  const currencies = services.models.get<CurrencyDocument>("reference", "currencies");
  const countries = services.models.get<CountryDocument>("reference", "countries");
  const taxRates = services.models.get<TaxRatesDocument>("reference", "taxrates");
  const currencyAnswers = new AnswerCache(currencies);
  const countryAnswers = new AnswerCache({
    get generation() {
      return countries.generation + taxRates.generation;
    },
  });
  const rateAnswers = new AnswerCache(taxRates);

  const shown = (withdrawn: boolean | undefined) => (withdrawn ? {} : { withdrawn: false });
  async function countryList(withdrawn: boolean | undefined) {
    const [found, rates] = await Promise.all([
      countries.collection.find(shown(withdrawn)).sort({ _id: 1 }).toArray(),
      taxRates.collection.find().toArray(),
    ]);
    const ratesOf = new Map(rates.map((each) => [each._id, each]));
    const at = services.now();
    return { items: found.map((each) => countryView(each, ratesOf.get(each._id), at)) };
  }

  return [
    route({
      ...shared,
      path: "/reference/v1/currencies",
      operationId: "listCurrencies",
      summary: "Currencies (ISO 4217)",
      query: listQuery,
      responses: { 200: { description: "By code", schema: list(currencySchema) } },
      async handler({ query: { withdrawn }, consistencyToken }) {
        await services.level(currencies, consistencyToken);
        return kept(
          await currencyAnswers.get(`list ${withdrawn}`, consistencyToken !== undefined, async () => {
            const found = await currencies.collection.find(shown(withdrawn)).sort({ _id: 1 }).toArray();
            return { items: found.map(currencyView) };
          }),
        );
      },
    }),
    route({
      ...shared,
      path: "/reference/v1/currencies/:code",
      operationId: "getCurrency",
      summary: "A currency",
      params: z.object({ code: currencyCode }),
      responses: { 200: { description: "The currency", schema: currencySchema } },
      refusals: { "currency-not-found": 404 },
      async handler({ params: { code }, consistencyToken }) {
        await services.level(currencies, consistencyToken, `currency-${code}`);
        const document = await currencies.get(code);
        if (!document) return notFound("currency-not-found", `There is no currency ${code}.`, { currency: code });
        return kept(await currencyAnswers.get(code, true, () => Promise.resolve(currencyView(document))));
      },
    }),
    route({
      ...shared,
      path: "/reference/v1/countries",
      operationId: "listCountries",
      summary: "Countries (ISO 3166-1) with their tax rates in force",
      query: listQuery,
      responses: { 200: { description: "By code", schema: list(countrySchema) } },
      async handler({ query: { withdrawn }, consistencyToken }) {
        await Promise.all([services.level(countries, consistencyToken), services.level(taxRates, consistencyToken)]);
        const exact = consistencyToken !== undefined;
        return kept(await countryAnswers.get(`list ${withdrawn}`, exact, () => countryList(withdrawn)));
      },
    }),
    route({
      ...shared,
      path: "/reference/v1/countries/:code",
      operationId: "getCountry",
      summary: "A country with its tax rates in force",
      params: z.object({ code: countryCode }),
      responses: { 200: { description: "The country", schema: countrySchema } },
      refusals: { "country-not-found": 404 },
      async handler({ params: { code }, consistencyToken }) {
        await Promise.all([
          services.level(countries, consistencyToken, `country-${code}`),
          services.level(taxRates, consistencyToken, `taxrate-${code}`),
        ]);
        const [document, rates] = await Promise.all([countries.get(code), taxRates.get(code)]);
        if (!document) return notFound("country-not-found", `There is no country ${code}.`, { country: code });
        const view = () => Promise.resolve(countryView(document, rates, services.now()));
        return kept(await countryAnswers.get(code, true, view));
      },
    }),
    route({
      ...shared,
      path: "/reference/v1/tax-rates",
      operationId: "listTaxRates",
      summary: "Tax rates in force now or at any moment",
      query: taxRateQuery,
      responses: { 200: { description: "By country and category", schema: list(taxRateSchema) } },
      async handler({ query: { country, category, at }, consistencyToken }) {
        await services.level(taxRates, consistencyToken, ...(country === undefined ? [] : [`taxrate-${country}`]));
        const key = JSON.stringify([country, category, at && millis(at)]);
        const exact = consistencyToken !== undefined || country !== undefined;
        return kept(
          await rateAnswers.get(key, exact, async () => {
            const which = country === undefined ? {} : { _id: country as string };
            const found = await taxRates.collection.find(which).sort({ _id: 1 }).toArray();
            const moment = at ?? services.now();
            return { items: found.flatMap((each) => taxRatesView(each, moment, category)) };
          }),
        );
      },
    }),
  ];
}
