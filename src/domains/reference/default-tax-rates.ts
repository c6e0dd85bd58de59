import { type TaxRegime } from "./events";

/** [country, standard rate, reduced rate; the standard one where the country has no reduced] */
type Row = readonly [country: string, standard: string, reduced?: string];

/**
 * Rates that a new shop starts with: the standard rate and the most used reduced rate, as of January 2026 (European
 * Commission, "VAT rates applied in the member states"; OECD, "Consumption Tax Trends"; the national tax offices).
 * Not advice: the merchant sets the rates that apply to the shop. United States: none, as it depends on state and
 * county; Canada: the federal GST.
 */
// prettier-ignore
const ROWS: readonly Row[] = [
  ["AT", "0.20", "0.10"], ["BE", "0.21", "0.06"], ["BG", "0.20", "0.09"], ["CY", "0.19", "0.09"],
  ["CZ", "0.21", "0.12"], ["DE", "0.19", "0.07"], ["DK", "0.25"], ["EE", "0.24", "0.09"],
  ["ES", "0.21", "0.10"], ["FI", "0.255", "0.135"], ["FR", "0.20", "0.10"], ["GR", "0.24", "0.13"],
  ["HR", "0.25", "0.13"], ["HU", "0.27", "0.18"], ["IE", "0.23", "0.135"], ["IT", "0.22", "0.10"],
  ["LT", "0.21", "0.12"], ["LU", "0.17", "0.08"], ["LV", "0.21", "0.12"], ["MT", "0.18", "0.07"],
  ["NL", "0.21", "0.09"], ["PL", "0.23", "0.08"], ["PT", "0.23", "0.13"], ["RO", "0.21", "0.11"],
  ["SE", "0.25", "0.12"], ["SI", "0.22", "0.095"], ["SK", "0.23", "0.19"],
  ["GB", "0.20", "0.05"], ["IM", "0.20", "0.05"], ["CH", "0.081", "0.026"], ["LI", "0.081", "0.026"],
  ["NO", "0.25", "0.15"], ["IS", "0.24", "0.11"], ["JE", "0.05"], ["GG", "0"], ["TR", "0.20", "0.10"],
  ["US", "0"], ["CA", "0.05"], ["MX", "0.16"], ["AU", "0.10"], ["NZ", "0.15"], ["JP", "0.10", "0.08"],
  ["KR", "0.10"], ["SG", "0.09"], ["HK", "0"], ["IN", "0.18", "0.05"], ["ZA", "0.15"], ["IL", "0.18"],
  ["AE", "0.05"], ["SA", "0.15"], ["BH", "0.10"], ["LB", "0.11"],
];

export interface DefaultTaxRates {
  readonly country: string;
  readonly rates: { readonly standard: string; readonly reduced: string; readonly zero: string };
}

export const DEFAULT_TAX_RATES: readonly DefaultTaxRates[] = ROWS.map(([country, standard, reduced]) => ({
  country,
  rates: { standard, reduced: reduced ?? standard, zero: "0" },
}));

/** From when the starting rates hold: always, so that there is a rate for every moment. */
export const DEFAULT_RATES_VALID_FROM = "1970-01-01T00:00:00.000Z";

/** Where shelf prices are shown without tax, which is added at the till. Everywhere else prices contain it. */
const EXCLUSIVE: ReadonlySet<string> = new Set(["US", "CA"]);

export const defaultTaxRegime = (country: string): TaxRegime => (EXCLUSIVE.has(country) ? "exclusive" : "inclusive");
