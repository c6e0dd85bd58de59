import { type Scavenger } from "../core/scavenger";
import { type GroupManager } from "../persistent/manager";
import { type Call } from "../transport/call";
import { type Method } from "../transport/grpc-server";
import { scavengeNotFound, unimplemented } from "../transport/status";
import { ProtoReader } from "../wire/proto-reader";
import { EMPTY, encode } from "../wire/proto-writer";
import { type Context } from "./context";

const SERVICE = "/event_store.client.operations.Operations";
const RESULT = { started: 0, inProgress: 1, stopped: 2 } as const;

/** The Operations service, as far as it means something on a single node. */
export function operationsRoutes(
  { access }: Context,
  groups: GroupManager,
  scavenger: Scavenger,
  shutdown: () => void,
): [string, Method][] {
  const operation = (act: (message: Buffer, call: Call) => Buffer | Promise<Buffer>): Method => ({
    unary: (message, call) => {
      access.operations(call.caller);
      return act(message, call);
    },
  });
  const answer = (id: string, result: number): Buffer => encode((w) => w.string(1, id).varint(2, result));
  return [
    [
      `${SERVICE}/StartScavenge`,
      operation(() => {
        if (scavenger.running !== undefined) return answer(scavenger.running, RESULT.inProgress);
        return answer(scavenger.start(), RESULT.started);
      }),
    ],
    [
      `${SERVICE}/StopScavenge`,
      operation((message) => {
        const id = readScavengeId(message);
        if (!scavenger.stop(id)) throw scavengeNotFound(id);
        return answer(id, RESULT.stopped);
      }),
    ],
    [
      `${SERVICE}/Shutdown`,
      operation((_message, call) => {
        // Once the client has its answer.
        call.closing(shutdown);
        return EMPTY;
      }),
    ],
    [
      `${SERVICE}/RestartPersistentSubscriptions`,
      operation(async () => {
        await groups.restart();
        return EMPTY;
      }),
    ],
    // The index is kept merged all the time, and a single node has no peer to resign to or to be preferred over.
    [`${SERVICE}/MergeIndexes`, operation(() => EMPTY)],
    [`${SERVICE}/SetNodePriority`, operation(() => EMPTY)],
    [
      `${SERVICE}/ResignNode`,
      operation(() => {
        throw unimplemented("Resigning as leader of a cluster");
      }),
    ],
  ];
}

function readScavengeId(message: Buffer): string {
  const request = new ProtoReader(message);
  while (request.next()) {
    if (request.field !== 1) {
      request.skip();
      continue;
    }
    const options = request.message();
    while (options.next()) {
      if (options.field === 1) return options.string();
      options.skip();
    }
  }
  return "";
}
