export * from "./prices";
export * from "./currencies";
