export { Checkpoint, Fenced } from "./checkpoint";
export { Checkpoints } from "./checkpoints";
export {
  HEARTBEAT,
  type InstanceDocument,
  type InstanceRole,
  type NewInstance,
  registeredInstances,
  seenInstances,
  type SeenInstance,
  Registration,
} from "./instances";
export { type HeldLease, type LeaseHolder, Leases, leaseView, type LeaseView, type Worker } from "./leases";
export { isDuplicateKey } from "./duplicate-key";
export { divide, layoutOf, type Pointer, reachOf, readModelPointers } from "./pointers";
export { ForeignDatabase, MongoStores, type MongoOptions } from "./stores";
export { type Counted, SharedCounts } from "./shared-counts";
