import { ISO_3166 } from "../../domains/reference/iso3166";

/** Names that the file has for countries whose name in ISO 3166 differs. */
const OWN_NAMES: readonly (readonly [string, string])[] = [
  ["EIRE", "IE"],
  ["RSA", "ZA"],
  ["USA", "US"],
  ["Czech Republic", "CZ"],
  ["Hong Kong", "HK"],
];

const CODES: ReadonlyMap<string, string> = new Map([
  ...ISO_3166.map(({ code, name }) => [name, code] as const),
  ...OWN_NAMES,
]);

/**
 * The ISO 3166-1 code of a country as the file names it; `null` for what is not one country: `Unspecified`, `European
 * Community`, `Channel Islands` (Jersey or Guernsey).
 */
export const countryCodeOf = (name: string): string | null => CODES.get(name) ?? null;
