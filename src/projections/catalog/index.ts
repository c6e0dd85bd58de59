export * from "./categories";
export * from "./products";
