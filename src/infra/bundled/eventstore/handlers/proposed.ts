import { EXPECT } from "../core/decide";
import { type NewRecord } from "../storage/record";
import { invalidArgument, requiredMetadata } from "../transport/status";
import { type ProtoReader } from "../wire/proto-reader";
import { EMPTY } from "../wire/proto-writer";
import { readUuid } from "../wire/uuid";
import { readStreamIdentifier } from "./read-request";

const JSON_TYPE = Buffer.from("application/json");
const LONGEST_TYPE = 65_535;
/** The record format counts a name's bytes in two bytes. */
const LONGEST_NAME = 65_535;

/** `ProposedMessage`, the same in `AppendReq` and `BatchAppendReq`. Its parts are views into the request. */
export function readProposed(reader: ProtoReader): NewRecord {
  let id: Buffer | undefined;
  let type: Buffer | undefined;
  let isJson: boolean | undefined;
  let data: Buffer = EMPTY;
  let metadata: Buffer = EMPTY;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        id = readUuid(reader.message());
        break;
      case 2: {
        const entry = reader.message();
        let key = "";
        let value: Buffer = EMPTY;
        while (entry.next()) {
          if (entry.field === 1) key = entry.string();
          else if (entry.field === 2) value = entry.bytes();
          else entry.skip();
        }
        if (key === "type") type = value;
        else if (key === "content-type") isJson = value.equals(JSON_TYPE);
        break;
      }
      case 3:
        metadata = reader.bytes();
        break;
      case 4:
        data = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  if (!id) throw invalidArgument("An event has no id.");
  if (!type || isJson === undefined) {
    throw requiredMetadata([...(type ? [] : ["type"]), ...(isJson === undefined ? ["content-type"] : [])]);
  }
  if (type.length > LONGEST_TYPE) throw invalidArgument(`An event type is longer than ${LONGEST_TYPE} bytes.`);
  return { id, type, isJson, data, metadata };
}

/** What the real node counts against the maximum append size. */
export const sizeOf = (event: NewRecord): number => event.data.length + event.metadata.length + event.type.length * 2;

export interface AppendTarget {
  stream: string;
  expected: number;
}

/**
 * The fields that `AppendReq.Options`, `BatchAppendReq.Options`, `DeleteReq.Options` and `TombstoneReq.Options` share:
 * stream = 1, revision = 2, no stream = 3, any = 4, stream exists = 5. Others go to `more`.
 */
export function readTarget(reader: ProtoReader, more?: (reader: ProtoReader) => void): AppendTarget {
  const target: AppendTarget = { stream: "", expected: EXPECT.ANY };
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        target.stream = readStreamIdentifier(reader.message());
        break;
      case 2:
        target.expected = reader.varint();
        break;
      case 3:
        target.expected = EXPECT.NO_STREAM;
        reader.skip();
        break;
      case 4:
        target.expected = EXPECT.ANY;
        reader.skip();
        break;
      case 5:
        target.expected = EXPECT.STREAM_EXISTS;
        reader.skip();
        break;
      default:
        if (more) more(reader);
        else reader.skip();
    }
  }
  if (target.stream === "") throw invalidArgument("The stream name must not be empty.");
  if (target.stream === "$all") throw invalidArgument("Events cannot be appended to $all.");
  if (target.stream.length > LONGEST_NAME / 3 && Buffer.byteLength(target.stream) > LONGEST_NAME) {
    throw invalidArgument(`The stream name is longer than ${LONGEST_NAME} bytes.`);
  }
  return target;
}
