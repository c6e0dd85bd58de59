import { createCipheriv, createDecipheriv, hash, type KeyObject, randomBytes, randomFillSync } from "node:crypto";

/*
 * How personal values are stored, in the log and in read models alike. A sealed value is text:
 *
 *   sealed:1:<base64url>[:<forgotten>]      bytes: subject (10) · place (12) · nonce (12) · ciphertext · tag (16)
 *   person:1:<subject in hex>[:<forgotten>] an id of a person: the name under which their key is kept
 *
 * `forgotten` is what it reads as once there is no key, nothing where that is `null`. An object is stored in its
 * forgotten form with the sealed whole beside it, under `sealed`. So a reader without keys finds the shape it expects.
 */

/** Names a person where they must not be named: random, and led back to them by the database of keys alone. */
export type Subject = string;

export const SEALED = "sealed:1:";
export const PERSON = "person:1:";
/** Where the sealed whole of an object stands. */
export const WHOLE = "sealed";

const SUBJECT_BYTES = 10;
const PLACE_BYTES = 12;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD = SUBJECT_BYTES + PLACE_BYTES + NONCE_BYTES;
const ALGORITHM = "aes-256-gcm";

export const newSubject = (): Subject => randomBytes(SUBJECT_BYTES).toString("hex");

/** What was found is not what was put there: it was moved, changed, or made with another key. */
export class SealBroken extends Error {}

/** Where a value stands; a value that is found elsewhere is refused. */
export interface Place {
  readonly stream: string;
  readonly type: string;
  readonly path: string;
}

const placeMark = ({ stream, type, path }: Place): Buffer =>
  hash("sha256", `${stream}\n${type}\n${path}`, "buffer").subarray(0, PLACE_BYTES);

/** Random bytes are drawn for many nonces at once: asking for so few costs as much as encrypting. */
const pool = Buffer.alloc(NONCE_BYTES * 256);
let drawn = pool.length;

function newNonce(): Buffer {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  drawn += NONCE_BYTES;
  return Buffer.from(pool.subarray(drawn - NONCE_BYTES, drawn));
}

/** Everything that stands readable in a sealed text is vouched for by its tag. */
const vouched = (head: Buffer, tail: string): Buffer => Buffer.concat([Buffer.from(SEALED), head, Buffer.from(tail)]);

const tailOf = (forgotten: string | null): string => (forgotten === null ? "" : `:${forgotten}`);

/** @param forgotten what the text reads as once the key is gone */
export function sealText(
  plain: string,
  forgotten: string | null,
  subject: Subject,
  key: KeyObject,
  place: Place,
): string {
  // prettier-ignore
  const nonce = newNonce();
  const head = Buffer.concat([Buffer.from(subject, "hex"), placeMark(place), nonce]);
  const tail = tailOf(forgotten);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(vouched(head, tail));
  const bytes = Buffer.concat([head, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return SEALED + bytes.toString("base64url") + tail;
}

/** A sealed text taken apart; `undefined` for any other. */
export interface Sealed {
  readonly subject: Subject;
  readonly forgotten: string | null;
  readonly head: Buffer;
  readonly body: Buffer;
}

export function parseSealed(text: string): Sealed | undefined {
  if (!text.startsWith(SEALED)) return undefined;
  const colon = text.indexOf(":", SEALED.length);
  const bytes = Buffer.from(colon < 0 ? text.slice(SEALED.length) : text.slice(SEALED.length, colon), "base64url");
  if (bytes.length < HEAD + TAG_BYTES) return undefined;
  return {
    subject: bytes.toString("hex", 0, SUBJECT_BYTES),
    forgotten: colon < 0 ? null : text.slice(colon + 1),
    head: bytes.subarray(0, HEAD),
    body: bytes.subarray(HEAD),
  };
}

/** @throws SealBroken */
export function unsealText({ subject, forgotten, head, body }: Sealed, key: KeyObject, place?: Place): string {
  const mark = head.subarray(SUBJECT_BYTES, SUBJECT_BYTES + PLACE_BYTES);
  if (place && !mark.equals(placeMark(place)))
    throw new SealBroken(
      `the value of ${place.path} was sealed for another place than ${place.type} in ${place.stream}`,
    );
  const end = body.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv(ALGORITHM, key, head.subarray(HEAD - NONCE_BYTES))
      .setAAD(vouched(head, tailOf(forgotten)))
      .setAuthTag(body.subarray(end));
    return decipher.update(body.subarray(0, end), undefined, "utf8") + decipher.final("utf8");
  } catch (cause) {
    throw new SealBroken(`a value of person ${subject} cannot be unsealed: it was changed`, { cause });
  }
}

/** @param forgotten what the text reads as once the key is gone */
export const personText = (subject: Subject, forgotten: string | null): string => PERSON + subject + tailOf(forgotten);

export function parsePerson(text: string): Pick<Sealed, "subject" | "forgotten"> | undefined {
  if (!text.startsWith(PERSON)) return undefined;
  const rest = text.slice(PERSON.length);
  const colon = rest.indexOf(":");
  const subject = colon < 0 ? rest : rest.slice(0, colon);
  if (subject.length !== 2 * SUBJECT_BYTES) return undefined;
  return { subject, forgotten: colon < 0 ? null : rest.slice(colon + 1) };
}
