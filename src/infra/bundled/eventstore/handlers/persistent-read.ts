import { randomUUID } from "node:crypto";
import { type Group } from "../persistent/group";
import { type GroupManager } from "../persistent/manager";
import { type Consumer } from "../persistent/message";
import { type Call } from "../transport/call";
import { invalidArgument, maximumSubscribers } from "../transport/status";
import { EventOutbox } from "../wire/event-encoder";
import { ProtoReader } from "../wire/proto-reader";
import { encode } from "../wire/proto-writer";
import { readUuid } from "../wire/uuid";
import { type Context } from "./context";
import { readIsStructured, readStreamIdentifier } from "./read-request";
import { addEvent } from "./sending";

/** By number: unknown (treated as a retry), park, retry, skip, stop. */
const ACTIONS = ["retry", "park", "retry", "skip", "stop"] as const;

/** PersistentSubscriptions.Read: the options first, then acknowledgements; events go the other way. */
export function persistentRead(context: Context, groups: GroupManager, call: Call): void {
  let group: Group | undefined;
  let consumer: Consumer | undefined;
  call.receive(
    (message) => {
      const request = new ProtoReader(message);
      while (request.next()) {
        switch (request.field) {
          case 1:
            if (consumer) throw invalidArgument("The subscription has already begun.");
            [group, consumer] = connect(context, groups, call, request.message());
            break;
          case 2:
            for (const id of readAck(request.message())) if (group && consumer) group.ack(id, consumer);
            break;
          case 3: {
            const { ids, action, reason } = readNack(request.message());
            for (const id of ids) if (group && consumer) group.nack(id, consumer, action, reason);
            break;
          }
          default:
            request.skip();
        }
      }
    },
    () => {
      if (group && consumer) group.disconnect(consumer);
      call.finish();
    },
  );
}

function connect(context: Context, groups: GroupManager, call: Call, options: ProtoReader): [Group, Consumer] {
  let stream = "";
  let name = "";
  let bufferSize = 10;
  let structuredIds = false;
  while (options.next()) {
    switch (options.field) {
      case 1:
        stream = readStreamIdentifier(options.message());
        break;
      case 2:
        name = options.string();
        break;
      case 3:
        bufferSize = options.int();
        break;
      case 4:
        structuredIds = readIsStructured(options.message());
        break;
      case 5:
        stream = "$all";
        options.skip();
        break;
      default:
        options.skip();
    }
  }
  context.access.stream(call.caller, stream, "$r");
  const group = groups.find(stream, name);
  const { maxSubscriberCount, resolveLinks } = group.config.settings;
  if (maxSubscriberCount > 0 && group.consumers.length >= maxSubscriberCount) throw maximumSubscribers(stream, name);

  const outbox = new EventOutbox(structuredIds);
  let scheduled = false;
  const flush = (): void => {
    scheduled = false;
    if (outbox.size === 0 || call.write(outbox.take())) return;
    consumer.blocked = true;
    call.drained(() => {
      consumer.blocked = false;
      group.wake();
    });
  };
  const consumer: Consumer = {
    id: randomUUID(),
    from: call.peer,
    connectionName: String(call.headers["connection-name"] ?? ""),
    username: call.caller?.name ?? "anonymous",
    bufferSize: Math.max(1, bufferSize),
    inFlight: 0,
    blocked: false,
    total: 0,
    countSinceMeasured: 0,
    measuredAt: Date.now(),
    latencies: [],
    send(message) {
      const view = context.store.log.find(message.position);
      if (!view) return false;
      addEvent(context, outbox, view, resolveLinks || message.replayed, message.retries);
      if (!scheduled) process.nextTick(flush);
      scheduled = true;
      return true;
    },
    drop: (reason) => call.fail(reason),
  };
  outbox.message(encode((w) => w.message(2, (confirmation) => confirmation.string(1, group.key))));
  flush();
  group.connect(consumer);
  call.closing(() => group.disconnect(consumer));
  return [group, consumer];
}

function readAck(reader: ProtoReader): string[] {
  const ids: string[] = [];
  while (reader.next()) {
    if (reader.field === 2) ids.push(readUuid(reader.message()).latin1Slice(0, 16));
    else reader.skip();
  }
  return ids;
}

function readNack(reader: ProtoReader): { ids: string[]; action: "park" | "retry" | "skip" | "stop"; reason: string } {
  const ids: string[] = [];
  let action: "park" | "retry" | "skip" | "stop" = "retry";
  let reason = "";
  while (reader.next()) {
    if (reader.field === 2) ids.push(readUuid(reader.message()).latin1Slice(0, 16));
    else if (reader.field === 3) action = ACTIONS[reader.varint()] ?? "retry";
    else if (reader.field === 4) reason = reader.string();
    else reader.skip();
  }
  return { ids, action, reason };
}
