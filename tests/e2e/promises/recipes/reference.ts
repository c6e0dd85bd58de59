import { type Call, type Recipes, type Workshop } from "./workshop";

const currencies = "/reference/v1/currencies";
const countries = "/reference/v1/countries";
const currency = { name: "Quid", fractionDigits: 2 };
const country = { name: "Quatopia", taxRegime: "inclusive" };

const corrected =
  (body: object) =>
  (workshop: Workshop, { path }: Call): Promise<unknown> =>
    workshop.done(workshop.admin.put(path, body));

export const referenceRecipes: Recipes = {
  "PUT /reference/v1/currencies/{code}": {
    accepted: async (workshop) => ({ path: `${currencies}/${workshop.currency()}`, body: currency }),
    otherBody: { ...currency, name: "Quod" },
    meanwhile: corrected({ ...currency, name: "Quad" }),
  },
  "DELETE /reference/v1/currencies/{code}": {
    async accepted(workshop) {
      const path = `${currencies}/${workshop.currency()}`;
      await workshop.done(workshop.admin.put(path, currency));
      return { path };
    },
    otherBody: null,
    // It is brought back: what withdrew it once must not withdraw it again.
    meanwhile: corrected(currency),
    async refused(workshop) {
      const path = `${currencies}/${workshop.currency()}`;
      return { path, code: "currency-not-found", mend: () => workshop.done(workshop.admin.put(path, currency)) };
    },
  },
  "PUT /reference/v1/countries/{code}": {
    accepted: async (workshop) => ({ path: `${countries}/${workshop.country()}`, body: country }),
    otherBody: { ...country, taxRegime: "exclusive" },
    meanwhile: corrected({ ...country, name: "Quopia" }),
  },
  "DELETE /reference/v1/countries/{code}": {
    async accepted(workshop) {
      const path = `${countries}/${workshop.country()}`;
      await workshop.done(workshop.admin.put(path, country));
      return { path };
    },
    otherBody: null,
    meanwhile: corrected(country),
    async refused(workshop) {
      const path = `${countries}/${workshop.country()}`;
      return { path, code: "country-not-found", mend: () => workshop.done(workshop.admin.put(path, country)) };
    },
  },
  "PUT /reference/v1/tax-rates/{country}/{category}": {
    accepted: async (workshop) => ({
      path: `/reference/v1/tax-rates/GB/${workshop.name("category").toLowerCase()}`,
      body: { rate: "0.07" },
    }),
    otherBody: { rate: "0.08" },
    meanwhile: corrected({ rate: "0.09" }),
  },
};
