import { METADATA_TYPE, parseStreamMetadata, SOFT_DELETED } from "../core/stream-metadata";
import { FLAG, record } from "../storage/record";
import { uuidText } from "../wire/uuid";

/** An event that a standard projection derives from another one. */
export interface Derived {
  readonly stream: string;
  readonly type: "$>" | "$@";
  readonly data: string;
  readonly metadata: string;
}

/** What the protocol calls the revision of a tombstone. */
const TOMBSTONE_REVISION = "9223372036854775807";
const CORRELATION = Buffer.from('"$correlationId"');

/**
 * What EventStoreDB's standard projections make of one event, in the order in which it is written here: `$ce-` ($by
 * category), `$et-` (by event type), `$streams`, `$category-` (streams by category) and `$bc-` (by correlation id).
 */
export function derive(buffer: Buffer, offset: number): Derived[] {
  const derived: Derived[] = [];
  const flags = record.flags(buffer, offset);
  const stream = record.name(buffer, offset);
  const isTombstone = (flags & FLAG.TOMBSTONE) !== 0;
  const isLink = (flags & FLAG.LINK) !== 0;
  const revision = isTombstone ? TOMBSTONE_REVISION : String(record.revision(buffer, offset));
  const deleted = isTombstone ? stream : softlyDeleted(buffer, offset, stream);
  const cause = causedBy(buffer, offset);
  const plain = `{${cause}}`;
  const marked = deleted === undefined ? plain : `{"$deleted":-1,${cause}}`;

  const source = deleted ?? stream;
  const category = categoryOf(source);
  if (category !== undefined) {
    const target = isLink ? record.data(buffer, offset).toString("utf8") : `${revision}@${stream}`;
    const mark = deleted === undefined ? "" : '"$deleted":-1,';
    const metadata = `{${mark}"$o":${JSON.stringify(source)},${cause}}`;
    derived.push({ stream: `$ce-${category}`, type: "$>", data: target, metadata });
  }
  if (!isLink) {
    const type = deleted === undefined ? record.type(buffer, offset) : "$deleted";
    derived.push({ stream: `$et-${type}`, type: "$>", data: `${revision}@${source}`, metadata: marked });
  }
  if (revision === "0") {
    derived.push({ stream: "$streams", type: "$>", data: `0@${stream}`, metadata: plain });
    const own = categoryOf(stream);
    if (own !== undefined) derived.push({ stream: `$category-${own}`, type: "$@", data: stream, metadata: plain });
  }
  const correlation = isLink ? undefined : correlationOf(record.metadata(buffer, offset));
  if (correlation !== undefined) {
    derived.push({ stream: `$bc-${correlation}`, type: "$>", data: `${revision}@${stream}`, metadata: plain });
  }
  return derived;
}

/** Position of the event that a derived one came from; undefined for any other event. */
export function sourceOf(buffer: Buffer, offset: number): number | undefined {
  const start = record.nameStart(buffer, offset);
  if (buffer[start] !== 36 || !DERIVED_STREAM.test(record.name(buffer, offset))) return undefined;
  const match = CAUSE.exec(record.metadata(buffer, offset).toString("utf8"));
  return match ? Number(match[1]) : undefined;
}

const DERIVED_STREAM = /^\$(ce-|et-|streams$|category-|bc-)/;
const CAUSE = /"\$v":"1:-1:1:4","\$c":\d+,"\$p":(\d+),/;

function causedBy(buffer: Buffer, offset: number): string {
  const position = record.position(buffer, offset);
  return `"$v":"1:-1:1:4","$c":${position},"$p":${position},"$causedBy":"${uuidText(buffer, offset + 40)}"`;
}

/** The part of a name before its first `-`; none for system streams. */
function categoryOf(stream: string): string | undefined {
  const at = stream.indexOf("-");
  return at > 0 && !stream.startsWith("$") ? stream.slice(0, at) : undefined;
}

/** The stream that these metadata delete softly. */
function softlyDeleted(buffer: Buffer, offset: number, stream: string): string | undefined {
  if (!stream.startsWith("$$") || record.type(buffer, offset) !== METADATA_TYPE) return undefined;
  const { truncateBefore } = parseStreamMetadata(record.data(buffer, offset));
  return truncateBefore === SOFT_DELETED ? stream.slice(2) : undefined;
}

function correlationOf(metadata: Buffer): string | undefined {
  if (metadata.length === 0 || metadata.indexOf(CORRELATION) < 0) return undefined;
  try {
    const value = (JSON.parse(metadata.toString("utf8")) as { $correlationId?: unknown } | null)?.$correlationId;
    return typeof value === "string" && value !== "" ? value : undefined;
  } catch {
    return undefined;
  }
}
