import { badHeader } from "./problem";

/** The header that carries the token, in requests and answers. */
export const CONSISTENCY_HEADER = "Consistency-Token";

const MARK = "c1-";
const TOKEN = /^c1-[0-9a-z]{1,13}$/;
const LARGEST = 2n ** 64n - 1n;
const HALF = 36n ** 9n;

/** A log position as opaque text: `c1-` and the number in base 36. */
export const encodeToken = (position: bigint): string => MARK + position.toString(36);

/** The log position in a token. @throws Problem 400 naming the header */
export function decodeToken(token: string): bigint {
  if (TOKEN.test(token)) {
    const digits = token.slice(MARK.length);
    // Nine digits of base 36 fit a double exactly.
    const low = BigInt(parseInt(digits.slice(-9), 36));
    const position = digits.length > 9 ? BigInt(parseInt(digits.slice(0, -9), 36)) * HALF + low : low;
    if (position <= LARGEST) return position;
  }
  throw badHeader(CONSISTENCY_HEADER, "must be a token as an earlier answer gave it", token);
}
