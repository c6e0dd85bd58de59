/** What a stream's metadata say about the stream itself. Anything else in them belongs to the users. */
export interface StreamMetadata {
  readonly maxCount?: number;
  /** Seconds. */
  readonly maxAge?: number;
  readonly truncateBefore?: number;
  readonly acl?: Acl;
}

export type AclAction = "$r" | "$w" | "$d" | "$mr" | "$mw";
export type Acl = { readonly [action in AclAction]?: string | readonly string[] };

/** `$tb` of a softly deleted stream: the greatest signed 64-bit number. */
export const SOFT_DELETED = 2 ** 63;
export const SOFT_DELETED_METADATA = Buffer.from('{"$tb":9223372036854775807}');
export const NO_METADATA: StreamMetadata = {};

/** Of metadata only the newest count, and they have no metadata of their own. */
export const METADATA_OF_METADATA: StreamMetadata = { maxCount: 1 };

export const METADATA_TYPE = "$metadata";
export const isMetadataStream = (name: string): boolean => name.startsWith("$$");
export const metadataStreamOf = (name: string): string => `$$${name}`;

/** Metadata that are no JSON object, or values of the wrong kind, count as absent. */
export function parseStreamMetadata(data: Buffer): StreamMetadata {
  const raw = parseObject(data);
  if (!raw) return NO_METADATA;
  const maxCount = positive(raw["$maxCount"]);
  const maxAge = positive(raw["$maxAge"]);
  const truncateBefore = raw["$tb"];
  const acl = raw["$acl"];
  return {
    ...(maxCount !== undefined && { maxCount }),
    ...(maxAge !== undefined && { maxAge }),
    ...(typeof truncateBefore === "number" && truncateBefore >= 0 && { truncateBefore }),
    ...(typeof acl === "object" && acl !== null && { acl: acl as Acl }),
  };
}

/** The metadata of a softly deleted stream that is written to again from `revision` on; the rest is kept. */
export function undeletedMetadata(data: Buffer, revision: number): Buffer {
  return Buffer.from(JSON.stringify({ ...parseObject(data), $tb: revision }));
}

function parseObject(data: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const positive = (value: unknown): number | undefined => (typeof value === "number" && value > 0 ? value : undefined);
