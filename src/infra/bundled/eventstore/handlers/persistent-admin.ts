import { type GroupConfig } from "../persistent/settings";
import { type GroupManager } from "../persistent/manager";
import { type Call } from "../transport/call";
import { type Method } from "../transport/grpc-server";
import { CODE, GrpcError, groupNotFound, invalidArgument } from "../transport/status";
import { type ProtoReader } from "../wire/proto-reader";
import { EMPTY, encode } from "../wire/proto-writer";
import { type Context } from "./context";
import { groupInfo } from "./persistent-info";
import { persistentRead } from "./persistent-read";
import { optionsOf, readGroupName, readGroupRequest } from "./persistent-requests";
import { readStreamIdentifier } from "./read-request";

const SERVICE = "/event_store.client.persistent_subscriptions.PersistentSubscriptions";

/** The PersistentSubscriptions service. */
export function persistentRoutes(context: Context, groups: GroupManager): [string, Method][] {
  const { access, store } = context;
  const unary = (handle: (message: Buffer, call: Call) => Buffer | Promise<Buffer>): Method => ({
    unary: (message, call) => {
      access.operations(call.caller);
      return handle(message, call);
    },
  });
  return [
    [`${SERVICE}/Create`, unary((message) => create(message))],
    [`${SERVICE}/Update`, unary((message) => update(message))],
    [
      `${SERVICE}/Delete`,
      unary(async (message) => {
        const { stream, name } = readGroupName(message, { stream: 1, all: 3, name: 2 });
        await groups.delete(stream, name);
        return EMPTY;
      }),
    ],
    [`${SERVICE}/Read`, { stream: (call) => persistentRead(context, groups, call) }],
    [
      `${SERVICE}/GetInfo`,
      unary((message) => {
        const { stream, name } = readGroupName(message, { stream: 1, all: 2, name: 3 });
        return encode((w) => w.message(1, groupInfo(groups.find(stream, name))));
      }),
    ],
    [`${SERVICE}/ReplayParked`, unary((message) => replayParked(groups, message))],
    [`${SERVICE}/List`, unary((message) => list(groups, message))],
    [
      `${SERVICE}/RestartSubsystem`,
      unary(async () => {
        await groups.restart();
        return EMPTY;
      }),
    ],
  ];

  async function create(message: Buffer): Promise<Buffer> {
    const { stream, name, settings, filter } = readGroupRequest(message);
    checkStart(store.log.durable, stream, settings.startFrom);
    const endWas = stream === "$all" ? store.log.durable : store.streams.get(stream).visible + 1;
    await groups.create({ stream, name, settings, filter: filter?.source, endWas });
    return EMPTY;
  }

  async function update(message: Buffer): Promise<Buffer> {
    const { stream, name, settings } = readGroupRequest(message);
    const { config } = groups.find(stream, name);
    const changed: GroupConfig = { ...config, settings };
    await groups.update(changed);
    return EMPTY;
  }
}

function checkStart(end: number, stream: string, from: "start" | "end" | number): void {
  if (stream === "$all" && typeof from === "number" && from > end) {
    throw new GrpcError(CODE.INTERNAL, `The position ${from} is past the end of the log.`);
  }
}

async function replayParked(groups: GroupManager, message: Buffer): Promise<Buffer> {
  let limit = Infinity;
  const { stream, name } = readGroupName(message, { stream: 2, all: 3, name: 1 }, (reader) => {
    if (reader.field === 4) limit = reader.int();
    else reader.skip();
  });
  if (limit < 0) throw invalidArgument("The number of messages to replay must not be negative.");
  await groups.find(stream, name).replayParked(limit);
  return EMPTY;
}

function list(groups: GroupManager, message: Buffer): Buffer {
  let stream: string | undefined;
  const options = optionsOf(message);
  while (options.next()) {
    if (options.field === 2) stream = readListStream(options.message());
    else options.skip();
  }
  const chosen = groups.all().filter(({ config }) => stream === undefined || config.stream === stream);
  if (stream !== undefined && chosen.length === 0) throw groupNotFound(stream, "");
  return encode((w) => {
    for (const group of chosen) w.message(1, groupInfo(group));
  });
}

function readListStream(reader: ProtoReader): string {
  let stream = "";
  while (reader.next()) {
    if (reader.field === 1) stream = readStreamIdentifier(reader.message());
    else {
      stream = "$all";
      reader.skip();
    }
  }
  return stream;
}
