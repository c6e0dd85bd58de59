export * from "./levels";
