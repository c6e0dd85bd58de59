export * from "./categories";
export * from "./documents";
export * from "./products";
