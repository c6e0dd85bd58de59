import { masterKey, type MasterKeys } from "../../src/infra/privacy";

export const TEST_MASTER_KEY = Buffer.alloc(32, 7).toString("base64");

/** Of every shop that tests start. */
export const TEST_MASTER_KEYS: MasterKeys = { current: masterKey(TEST_MASTER_KEY), previous: [] };
