import { randomUUID } from "node:crypto";
import { type Call, framed } from "../transport/call";
import { type Method } from "../transport/grpc-server";
import { ProtoReader } from "../wire/proto-reader";
import { encode } from "../wire/proto-writer";
import { parseUuid, uuidStructured } from "../wire/uuid";
import { type Context } from "./context";

const LEADER = 8;
const TICKS_PER_MILLISECOND = 10_000;
const SHORTEST_REFRESH = 100;
const DEFAULT_REFRESH = 1000;

/** What others are told of this node. */
export interface NodeIdentity {
  readonly host: string;
  /** Known once the server listens. */
  port(): number;
  openCalls(): number;
  connections(): number;
}

export const INSTANCE = randomUUID();

/** Gossip (a cluster of one) and Monitoring. */
export function nodeRoutes(context: Context, node: NodeIdentity): [string, Method][] {
  return [
    ["/event_store.client.gossip.Gossip/Read", { unary: (_message, call) => clusterInfo(node, call) }],
    ["/event_store.client.monitoring.Monitoring/Stats", { stream: (call) => stats(context, node, call) }],
  ];
}

function clusterInfo(node: NodeIdentity, call: Call): Buffer {
  const { host, port } = reachedAt(node, call);
  return encode((w) =>
    w.message(1, (member) =>
      member
        .message(1, uuidStructured(parseUuid(INSTANCE)))
        .varint(2, Date.now() * TICKS_PER_MILLISECOND)
        .varint(3, LEADER)
        .bool(4, true)
        .message(5, (end) => end.string(1, host).varint(2, port)),
    ),
  );
}

/** The address by which this client has reached the node: the one it can reach it by again. */
function reachedAt(node: NodeIdentity, call: Call): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(call.headers[":authority"] ?? "");
  const host = match?.[1] ?? match?.[2];
  return match && host !== undefined ? { host, port: Number(match[3]) } : { host: node.host, port: node.port() };
}

/** Figures about the process and the log, as text by name, again and again until the client has enough. */
function stats(context: Context, node: NodeIdentity, call: Call): void {
  context.access.operations(call.caller);
  let timer: NodeJS.Timeout | undefined;
  call.closing(() => clearInterval(timer));
  call.receive(
    (message) => {
      const request = new ProtoReader(message);
      let period = DEFAULT_REFRESH;
      while (request.next()) {
        if (request.field === 4) period = request.varint() || DEFAULT_REFRESH;
        else request.skip();
      }
      let blocked = false;
      const send = (): void => {
        if (blocked) return;
        const body = encode((w) => {
          for (const [name, value] of Object.entries(collectStats(context, node)))
            w.message(1, (e) => e.string(1, name).string(2, String(value)));
        });
        blocked = !call.write(framed(body));
        if (blocked) call.drained(() => (blocked = false));
      };
      clearInterval(timer);
      timer = setInterval(send, Math.min(0x7fffffff, Math.max(SHORTEST_REFRESH, period)));
      send();
    },
    () => undefined,
  );
}

const started = Date.now();

export function collectStats({ store }: Context, node: NodeIdentity): Record<string, number | string> {
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  return {
    "proc-startTime": new Date(started).toISOString(),
    "proc-id": process.pid,
    "proc-mem": memory.rss,
    "proc-cpu": (cpu.user + cpu.system) / 1000 / Math.max(1, Date.now() - started),
    "proc-heap": memory.heapUsed,
    "proc-buffers": memory.arrayBuffers,
    "proc-grpc-openCalls": node.openCalls(),
    "proc-tcp-connections": node.connections(),
    "es-checksum": store.log.durable,
    "es-checksumNonFlushed": store.log.end,
    "es-queue-StorageWriter-length": store.writer.waiting,
  };
}
