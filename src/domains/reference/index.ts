export * from "./country";
export * from "./currency";
export * from "./default-tax-rates";
export * from "./events";
export * from "./iso3166";
export * from "./iso4217";
export * from "./tax-rate-at";
export * from "./taxrate";
