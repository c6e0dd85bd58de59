import { ISO_3166 } from "../../domains/reference/iso3166";

const NAMES: ReadonlyMap<string, string> = new Map(ISO_3166.map(({ code, name }) => [code, name]));

/** The English name of a country; the code itself where the standard has no name for it. */
export const countryName = (code: string): string => NAMES.get(code) ?? code;
