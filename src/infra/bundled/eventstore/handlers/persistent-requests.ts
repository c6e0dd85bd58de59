import { type AllFilter, readFilter } from "../core/filter";
import { type GroupSettings, STRATEGIES, type StrategyName } from "../persistent/settings";
import { groupFailed, invalidArgument } from "../transport/status";
import { ProtoReader } from "../wire/proto-reader";
import { type From, readFirstNumber, readStreamIdentifier } from "./read-request";

const TICKS_PER_MILLISECOND = 10_000;
/** What the oldest clients send for "from the end": the greatest unsigned 64-bit number. */
const LAST = 2 ** 64;

export interface GroupRequest {
  readonly stream: string;
  readonly name: string;
  readonly settings: GroupSettings;
  readonly filter: AllFilter | undefined;
}

/** `CreateReq` and `UpdateReq`, which differ only in what an update may not change. */
export function readGroupRequest(message: Buffer): GroupRequest {
  let stream: string | undefined;
  let name = "";
  let from: From | undefined;
  let filter: AllFilter | undefined;
  let settings: Omit<GroupSettings, "startFrom"> & { legacyFrom: From } = readSettings(
    new ProtoReader(Buffer.alloc(0)),
  );
  const options = optionsOf(message);
  while (options.next()) {
    switch (options.field) {
      case 1:
        stream ??= readStreamIdentifier(options.message());
        break;
      case 2:
        name = options.string();
        break;
      case 3:
        settings = readSettings(options.message());
        break;
      case 4:
        ({ stream, from } = readStreamStart(options.message()));
        break;
      case 5:
        stream = "$all";
        ({ from, filter } = readAllStart(options.message()));
        break;
      default:
        options.skip();
    }
  }
  if (!stream) throw invalidArgument("The persistent subscription names neither a stream nor $all.");
  if (name === "") throw invalidArgument("The persistent subscription has no group name.");
  if (!STRATEGIES.includes(settings.strategy)) {
    throw groupFailed(stream, name, `Consumer strategy ${settings.strategy} does not exist.`);
  }
  const { legacyFrom, ...rest } = settings;
  return { stream, name, settings: { ...rest, startFrom: from ?? legacyFrom }, filter };
}

export interface GroupName {
  readonly stream: string;
  readonly name: string;
}

/** Requests that only name a group; the field numbers differ from message to message. */
export function readGroupName(
  message: Buffer,
  fields: { stream: number; all: number; name: number },
  more?: (reader: ProtoReader) => void,
): GroupName {
  let stream = "";
  let name = "";
  const options = optionsOf(message);
  while (options.next()) {
    if (options.field === fields.stream) stream = readStreamIdentifier(options.message());
    else if (options.field === fields.name) name = options.string();
    else if (options.field === fields.all) {
      stream = "$all";
      options.skip();
    } else if (more) more(options);
    else options.skip();
  }
  if (stream === "") throw invalidArgument("The request names neither a stream nor $all.");
  return { stream, name };
}

/** The embedded `options`, field 1 of every request of this service. */
export function optionsOf(message: Buffer): ProtoReader {
  const request = new ProtoReader(message);
  while (request.next()) {
    if (request.field === 1) return request.message();
    request.skip();
  }
  throw invalidArgument("The request has no options.");
}

function readSettings(reader: ProtoReader): Omit<GroupSettings, "startFrom"> & { legacyFrom: From } {
  let strategy: StrategyName = "DispatchToSingle";
  const numbers: Record<number, number> = {};
  while (reader.next()) {
    if (reader.field === 16) {
      const name = reader.string();
      if (name !== "") strategy = name as StrategyName;
    } else if (reader.field === 13) strategy = STRATEGIES[reader.varint()] ?? strategy;
    else if (reader.field <= 15) numbers[reader.field] = reader.field === 2 ? reader.varint() : reader.int();
    else reader.skip();
  }
  const number = (field: number): number => numbers[field] ?? 0;
  const time = (milliseconds: number, ticks: number): number =>
    numbers[milliseconds] ?? Math.round(number(ticks) / TICKS_PER_MILLISECOND);
  const revision = number(2);
  return {
    resolveLinks: number(1) !== 0,
    legacyFrom: revision >= LAST - 2048 ? "end" : revision === 0 ? "start" : revision,
    extraStatistics: number(3) !== 0,
    maxRetryCount: number(5),
    minCheckpointCount: number(7),
    maxCheckpointCount: number(8),
    maxSubscriberCount: number(9),
    liveBufferSize: number(10),
    readBatchSize: number(11),
    historyBufferSize: number(12),
    messageTimeout: time(14, 4),
    checkpointAfter: time(15, 6),
    strategy,
  };
}

function readStreamStart(reader: ProtoReader): { stream: string; from: From } {
  let stream = "";
  let from: From = "start";
  while (reader.next()) {
    if (reader.field === 1) stream = readStreamIdentifier(reader.message());
    else if (reader.field === 2) from = reader.varint();
    else {
      if (reader.field === 4) from = "end";
      reader.skip();
    }
  }
  return { stream, from };
}

function readAllStart(reader: ProtoReader): { from: From; filter: AllFilter | undefined } {
  let from: From = "start";
  let filter: AllFilter | undefined;
  while (reader.next()) {
    if (reader.field === 1) from = readFirstNumber(reader.message());
    else if (reader.field === 4) filter = readFilter(reader.message());
    else {
      if (reader.field === 3) from = "end";
      reader.skip();
    }
  }
  return { from, filter };
}
