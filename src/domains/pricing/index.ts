export * from "./events";
export * from "./price";
export * from "./price-at";
