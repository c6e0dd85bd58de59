export * from "./category";
export * from "./claim";
export * from "./events";
export * from "./product";
export * from "./product-state";
