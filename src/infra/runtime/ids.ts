import { createHash } from "node:crypto";
import { v4, v5 } from "uuid";

/** Namespace of every id that Millrace derives (UUIDv5, RFC 9562). */
const NAMESPACE = "6f1d3c1e-52a4-4f4b-9b3a-6d8a2f0c7e11";

/** The same name always gives the same UUID. */
export const deriveId = (...parts: readonly (string | number)[]): string => v5(parts.join("\n"), NAMESPACE);

/**
 * The id of a command's event. The log takes an id that it knows for the same event and does not look at its content:
 * so the command's fingerprint is part of it, and the same key with other content is another event.
 */
export const eventId = (
  { commandId, commandHash }: { readonly commandId: string; readonly commandHash?: string },
  index: number,
): string => deriveId(commandId, ...(commandHash === undefined ? [] : [commandHash]), index);

export const newId = (): string => v4();

/** A fingerprint of any JSON value, independent of the order of its keys. */
export function fingerprint(value: unknown): string {
  return createHash("sha1").update(canonical(value)).digest("base64url");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
