import { createSecretKey, randomBytes } from "node:crypto";
import { type PersonKey } from "../../src/infra/privacy";
import { newSubject } from "../../src/infra/privacy/sealed";

/** Somebody with a key, as no database knows them. */
export const somebody = (person: string): PersonKey => ({
  subject: newSubject(),
  person,
  key: createSecretKey(randomBytes(32)),
});
