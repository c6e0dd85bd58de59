export { Checkpoints, Fenced } from "./checkpoints";
export { Leases } from "./leases";
export { MongoStores, type MongoOptions } from "./stores";
