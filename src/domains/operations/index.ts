export * from "./audit-trail";
export * from "./events";
