import { badHeader } from "./problem";

/** The header that carries the token, in requests and answers. */
export const CONSISTENCY_HEADER = "Consistency-Token";

const MARK = "c1-";
const TOKEN = /^c1-([0-9a-z]{1,13})(?:\.([\w-]{1,43}))?$/;
const LARGEST = 2n ** 64n - 1n;
const HALF = 36n ** 9n;

/** A log position as opaque text: `c1-` and the number in base 36. */
export const encodeToken = (position: bigint): string => MARK + position.toString(36);

/** The log position in a token, or in the id of an event. @throws Problem 400 naming the header */
export function decodeToken(token: string): bigint {
  const position = decodeEventId(token)?.position;
  if (position !== undefined) return position;
  throw badHeader(CONSISTENCY_HEADER, "must be a token as an earlier answer gave it", token);
}

/** What the id of a server-sent event says. */
export interface EventId {
  /** The log position that the event reflects. */
  readonly position: bigint;
  /** Tells its content from others; a mere token has none. */
  readonly mark: string | undefined;
}

/** A token, and after a dot what tells the content from others. It can be sent as a token, too. */
export const encodeEventId = (position: bigint, mark: string): string => `${encodeToken(position)}.${mark}`;

/** `undefined` for what is not an id of ours. */
export function decodeEventId(id: string): EventId | undefined {
  const [, digits, mark] = TOKEN.exec(id) ?? [];
  if (digits === undefined) return undefined;
  // Nine digits of base 36 fit a double exactly.
  const low = BigInt(parseInt(digits.slice(-9), 36));
  const position = digits.length > 9 ? BigInt(parseInt(digits.slice(0, -9), 36)) * HALF + low : low;
  return position <= LARGEST ? { position, mark } : undefined;
}
