export * from "./events";
export * from "./forgetting";
