export { MongodError, type Log } from "./errors";
export { cacheFolder, findMongod, type FindOptions, type FoundMongod, type MongodSource } from "./find";
export { startMongod, type RunningMongod, type StartOptions } from "./start";
