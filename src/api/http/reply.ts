import { gzipSync } from "node:zlib";
import { type DomainError } from "../../domains/kernel";
import { contentEtag } from "./conditional";
import { type Problem } from "./problem";

export const JSON_TYPE = "application/json; charset=utf-8";
export const NDJSON_TYPE = "application/x-ndjson; charset=utf-8";
export const EVENTS_TYPE = "text/event-stream";

/** What any reply may carry beside its content. */
export interface ReplyExtras {
  readonly headers?: Readonly<Record<string, string>>;
  /** An aggregate's revision, or a whole tag with its quotes. A read whose `If-None-Match` names it is answered 304. */
  readonly etag?: number | string;
  /** The log position that a write reached, for the header `Consistency-Token`. */
  readonly token?: bigint;
  /** `Cache-Control`, instead of the route's standard one. See `cacheControl`. */
  readonly cache?: string;
  /** The end result was waited for, as the caller preferred. */
  readonly waited?: boolean;
}

/** A finished answer that is kept and sent many times: its bytes, its tag, and its gzip once anyone takes that. */
export class Prepared {
  readonly etag: string;
  private packed: Buffer | undefined;

  constructor(
    readonly plain: Buffer,
    readonly contentType = JSON_TYPE,
  ) {
    this.etag = contentEtag(plain);
  }

  gzipped(): Buffer {
    return (this.packed ??= gzipSync(this.plain, { level: 4 }));
  }
}

/** Serialises a value once for many answers. */
export const prepare = (value: unknown): Prepared => new Prepared(Buffer.from(JSON.stringify(value)));

/** Content that is already serialised. A `Prepared` brings its own type and tag. */
export interface RawReply extends ReplyExtras {
  readonly status: number;
  readonly raw: string | Buffer | Prepared;
  /** JSON when absent. */
  readonly contentType?: string;
}

/** A row of a stream: a value, or its JSON already. */
export type Row = object | string;

/** Rows as NDJSON. A list of rows is sent at once, single rows are gathered to larger pieces. */
export interface StreamReply extends ReplyExtras {
  readonly status: number;
  readonly stream: AsyncIterable<Row | readonly Row[]> | Iterable<Row | readonly Row[]>;
}

/** A server-sent event. */
export interface ServerEvent {
  readonly event: string;
  /** What a caller that comes back says in `Last-Event-ID`; see `encodeEventId`. */
  readonly id: string;
  /** JSON without line breaks. */
  readonly data: Buffer;
}

/** Events for as long as the caller listens. */
export interface EventsReply extends ReplyExtras {
  readonly status: number;
  /** Asked for the next event when the caller has taken the one before; frees what it holds when the signal fires. */
  readonly events: (signal: AbortSignal) => AsyncIterable<ServerEvent>;
}

/** A reply as the toolkit sees it, whatever its route promised. A refusal is turned into problem details. */
export type AnyReply =
  | (ReplyExtras & { readonly status: number; readonly body?: unknown })
  | RawReply
  | StreamReply
  | EventsReply
  | DomainError
  | Problem;

type Json<Status extends number, Body> = ReplyExtras & { readonly status: Status; readonly body: Body };

export const ok = <Body>(body: Body, extras?: ReplyExtras): Json<200, Body> => ({ ...extras, status: 200, body });

/** 201 with the new resource's address. */
export const created = <Body>(location: string, body: Body, extras?: ReplyExtras): Json<201, Body> => ({
  ...extras,
  headers: { ...extras?.headers, Location: location },
  status: 201,
  body,
});

/** 202: it is under way; the address says where to look. */
export const accepted = <Body>(location: string, body: Body, extras?: ReplyExtras): Json<202, Body> => ({
  ...extras,
  headers: { ...extras?.headers, Location: location },
  status: 202,
  body,
});

export const noContent = (extras?: ReplyExtras): ReplyExtras & { readonly status: 204 } => ({ ...extras, status: 204 });

/** 200 with content that is already serialised. */
export const raw = (
  content: string | Buffer | Prepared,
  extras?: ReplyExtras & { contentType?: string },
): RawReply => ({
  ...extras,
  status: 200,
  raw: content,
});

/** 200 with server-sent events. */
export const events = (source: EventsReply["events"], extras?: ReplyExtras): EventsReply => ({
  ...extras,
  status: 200,
  events: source,
});

/** 200 with rows, one JSON text per line. */
export const ndjson = (stream: StreamReply["stream"], extras?: ReplyExtras): StreamReply => ({
  ...extras,
  status: 200,
  stream,
});
