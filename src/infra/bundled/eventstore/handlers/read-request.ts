import { type AllFilter, readFilter } from "../core/filter";
import { invalidArgument } from "../transport/status";
import { ProtoReader } from "../wire/proto-reader";

/** Where reading begins. Numbers are a revision, or a commit position in `$all`. */
export type From = "start" | "end" | number;

export interface ReadRequest {
  /** Undefined for `$all`. */
  readonly stream: string | undefined;
  readonly from: From;
  readonly backwards: boolean;
  readonly resolveLinks: boolean;
  /** Undefined for a subscription. */
  readonly count: number | undefined;
  readonly filter: AllFilter | undefined;
  readonly structuredIds: boolean;
  /** What newer clients understand: 1 and above want the positions of the stream's ends. */
  readonly compatibility: number;
}

export function readReadRequest(message: Buffer): ReadRequest {
  const request = new ProtoReader(message);
  while (request.next()) {
    if (request.field === 1) return readOptions(request.message());
    request.skip();
  }
  throw invalidArgument("The read request has no options.");
}

function readOptions(options: ProtoReader): ReadRequest {
  let stream: string | undefined;
  let target = false;
  let from: From = "start";
  let backwards = false;
  let resolveLinks = false;
  let count: number | undefined = 0;
  let filter: AllFilter | undefined;
  let structuredIds = false;
  let compatibility = 0;
  while (options.next()) {
    switch (options.field) {
      case 1:
        target = true;
        ({ stream, from } = readStreamOptions(options.message()));
        break;
      case 2:
        target = true;
        from = readAllOptions(options.message());
        break;
      case 3:
        backwards = options.varint() === 1;
        break;
      case 4:
        resolveLinks = options.bool();
        break;
      case 5:
        count = options.varint();
        break;
      case 6:
        options.skip();
        count = undefined;
        break;
      case 7:
        filter = readFilter(options.message());
        break;
      case 9:
        structuredIds = readIsStructured(options.message());
        break;
      case 10:
        compatibility = readFirstNumber(options.message());
        break;
      default:
        options.skip();
    }
  }
  if (!target) throw invalidArgument("The read request names neither a stream nor $all.");
  if (stream === "") throw invalidArgument("The stream name must not be empty.");
  return { stream, from, backwards, resolveLinks, count, filter, structuredIds, compatibility };
}

function readStreamOptions(reader: ProtoReader): { stream: string; from: From } {
  let stream = "";
  let from: From = "start";
  while (reader.next()) {
    if (reader.field === 1) stream = readStreamIdentifier(reader.message());
    else if (reader.field === 2) from = reader.varint();
    else {
      if (reader.field === 3) from = "start";
      else if (reader.field === 4) from = "end";
      reader.skip();
    }
  }
  return { stream, from };
}

/** `AllOptions`: position = 1, start = 2, end = 3. */
export function readAllOptions(reader: ProtoReader): From {
  let from: From = "start";
  while (reader.next()) {
    if (reader.field === 1) from = readFirstNumber(reader.message());
    else {
      if (reader.field === 3) from = "end";
      reader.skip();
    }
  }
  return from;
}

/** `StreamIdentifier`. */
export function readStreamIdentifier(reader: ProtoReader): string {
  let name = "";
  while (reader.next()) {
    if (reader.field === 3) name = reader.string();
    else reader.skip();
  }
  return name;
}

/** `UUIDOption`: structured = 1, string = 2. */
export function readIsStructured(reader: ProtoReader): boolean {
  let structured = false;
  while (reader.next()) {
    structured = reader.field === 1;
    reader.skip();
  }
  return structured;
}

/** The first field of a message that holds numbers: the commit position of a `Position`. */
export function readFirstNumber(reader: ProtoReader): number {
  let value = 0;
  while (reader.next()) {
    if (reader.field === 1) value = reader.varint();
    else reader.skip();
  }
  return value;
}
