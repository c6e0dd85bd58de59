export * from "./decider";
export * from "./errors";
export * from "./events";
export * from "./ids";
export * from "./money";
export * from "./process";
export * from "./projection";
export * as hashTrie from "./hash-trie";
export * from "./time";
