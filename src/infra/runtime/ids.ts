import { createHash, createHmac, type KeyObject } from "node:crypto";
import { v4, v5 } from "uuid";

/** Namespace of every id that Millrace derives (UUIDv5, RFC 9562). */
const NAMESPACE = "6f1d3c1e-52a4-4f4b-9b3a-6d8a2f0c7e11";

/** The same name always gives the same UUID. */
export const deriveId = (...parts: readonly (string | number)[]): string => v5(parts.join("\n"), NAMESPACE);

/**
 * The id of a command's event. The log takes an id that it knows for the same event and does not look at its content:
 * an append that was cut off can be repeated under the same ids, but what somebody else decided for the same command
 * must be another event, since it may say something else. So the decision is part of it.
 */
export const eventId = ({ commandId }: { readonly commandId: string }, decision: string, index: number): string =>
  deriveId(commandId, decision, index);

export const newId = (): string => v4();

/** Begins a fingerprint that was made with a key. */
const KEYED = "k.";

/**
 * A fingerprint of any JSON value, independent of the order of its keys. With a key nobody else can find out by trying
 * what it was made of: bodies of requests hold personal data, and their fingerprints stay in the log.
 */
export function fingerprint(value: unknown, key?: KeyObject): string {
  const text = canonical(value);
  return key
    ? KEYED + createHmac("sha1", key).update(text).digest("base64url")
    : createHash("sha1").update(text).digest("base64url");
}

/** Whether two fingerprints are of the same content, as far as can be told: not where one was made without a key. */
export const isSameContent = (one: string | undefined, other: string | undefined): boolean =>
  one === undefined || other === undefined || one.startsWith(KEYED) !== other.startsWith(KEYED) || one === other;

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
