import { ADDRESS } from "./shopper";
import { TEST_MASTER_KEY } from "./master-keys";

/** Values of secret settings, and of a person, which nothing else in a log looks like. */
export const SHOPPER_SECRET = "planted-shopper-secret-4f1d7a90c2";
export const SERVICE_KEY = "planted-service-key-9b6e02d15c7784aa31f0";
export const OTHER_SERVICE_KEY = "planted-other-service-key-55d0c3e8a1b94f27";
export const OLD_MASTER_KEY = Buffer.alloc(32, 9).toString("base64");
export const MONGO_PASSWORD = "planted-mongo-password-7c19e3";

/** What must not be in any log, by what it is. */
export const PLANTED = {
  "the master key": TEST_MASTER_KEY,
  "the secret of shopper tokens": SHOPPER_SECRET,
  "the key of gateways and services": SERVICE_KEY,
  "another key of gateways and services": OTHER_SERVICE_KEY,
  "the master key of before": OLD_MASTER_KEY,
  "the password of MongoDB": MONGO_PASSWORD,
  "a person's name": ADDRESS.name,
  "a person's address": ADDRESS.line1,
  "a person's e-mail": "ada@example.org",
} as const;
