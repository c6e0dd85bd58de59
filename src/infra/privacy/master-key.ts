import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from "node:crypto";

/** The key that wraps the keys of all people. It is kept outside the databases. */
export interface MasterKey {
  /** Says which one it is without telling anything of it. */
  readonly id: string;
  readonly key: KeyObject;
}

export interface MasterKeys {
  /** Wraps what is written from now on. */
  readonly current: MasterKey;
  /** What was written before may be wrapped by one of these. */
  readonly previous: readonly MasterKey[];
}

const BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = "aes-256-gcm";

/** Whether a text is a master key: 32 bytes in base64. */
export const isMasterKey = (text: string): boolean =>
  /^[A-Za-z0-9+/_-]{43}=?$/.test(text.trim()) && Buffer.from(text.trim(), "base64").length === BYTES;

/** A key that was given as text: 32 bytes in base64. @throws saying what is wrong, never showing the key */
export function masterKey(text: string, name = "MASTER_KEY"): MasterKey {
  if (!isMasterKey(text)) throw new Error(`${name} must be 32 bytes in base64, such as openssl rand -base64 32 gives.`);
  const bytes = Buffer.from(text.trim(), "base64");
  return { id: createHash("sha256").update("millrace master key").update(bytes).digest("hex").slice(0, 12), key: createSecretKey(bytes) }; // prettier-ignore
}

export const newMasterKeyText = (): string => randomBytes(BYTES).toString("base64");

export interface Wrapped {
  readonly masterKey: string;
  readonly wrapped: Buffer;
}

/** @param name what is wrapped: unwrapping it under another name fails */
export function wrap(secret: Buffer, name: string, { current }: MasterKeys): Wrapped {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, current.key, nonce).setAAD(Buffer.from(name));
  const wrapped = Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  return { masterKey: current.id, wrapped };
}

/** A key cannot be unwrapped with the master keys that there are. */
export class MasterKeyMissing extends Error {}

/** @throws MasterKeyMissing */
export function unwrap({ masterKey: id, wrapped }: Wrapped, name: string, { current, previous }: MasterKeys): Buffer {
  const master = [current, ...previous].find((each) => each.id === id);
  if (!master)
    throw new MasterKeyMissing(
      `The keys of people in this database are wrapped by master key ${id}, and MASTER_KEY is ${current.id}. ` +
        "Set MASTER_KEY to that one, or MASTER_KEY_PREVIOUS where it was replaced.",
    );
  const end = wrapped.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, master.key, wrapped.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(name))
    .setAuthTag(wrapped.subarray(end));
  return Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES, end)), decipher.final()]);
}
