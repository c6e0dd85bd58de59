/** Crockford's base 32: no I, L, O, U, so that nothing is misread or misheard. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv */
const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = (1n << 64n) - 1n;

const CHARACTERS = 10;

/**
 * The number of an order as a person reads it out, e.g. `7KQ2-M0XC-4T`: 50 bits that follow from the order's id alone.
 * Among a million orders any two share a number with a chance of 1 in 2,000; what belongs to whom is decided by ids,
 * never by numbers.
 */
export function orderNumber(orderId: string): string {
  let hash = OFFSET;
  for (let i = 0; i < orderId.length; i++) hash = ((hash ^ BigInt(orderId.charCodeAt(i))) * PRIME) & MASK;
  let bits = mixed(hash) >> 14n;
  let text = "";
  for (let i = 0; i < CHARACTERS; i++) {
    text = `${ALPHABET[Number(bits & 31n)]}${text}`;
    bits >>= 5n;
  }
  return `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`;
}

/** What somebody typed or heard, as `orderNumber` writes it: lower case, without hyphens, O for 0, I or L for 1. */
export function normalOrderNumber(text: string): string {
  const plain = text.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  if (plain.length !== CHARACTERS || [...plain].some((each) => !ALPHABET.includes(each))) return text.trim();
  return `${plain.slice(0, 4)}-${plain.slice(4, 8)}-${plain.slice(8)}`;
}

/** Spreads the last characters over all bits (finaliser of MurmurHash3, 64 bits). */
function mixed(hash: bigint): bigint {
  let bits = hash ^ (hash >> 33n);
  bits = (bits * 0xff51afd7ed558ccdn) & MASK;
  bits ^= bits >> 33n;
  bits = (bits * 0xc4ceb9fe1a85ec53n) & MASK;
  return bits ^ (bits >> 33n);
}
