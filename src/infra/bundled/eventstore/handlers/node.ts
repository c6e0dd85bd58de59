import { randomUUID } from "node:crypto";
import { type Call, framed } from "../transport/call";
import { type HttpAnswer, type Method } from "../transport/grpc-server";
import { ProtoReader } from "../wire/proto-reader";
import { encode } from "../wire/proto-writer";
import { parseUuid, uuidStructured } from "../wire/uuid";
import { type Context } from "./context";
import { SERVER_VERSION } from "./server-features";

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

const instance = randomUUID();

/** Gossip (a cluster of one) and Monitoring. */
export function nodeRoutes(context: Context, node: NodeIdentity): [string, Method][] {
  return [
    ["/event_store.client.gossip.Gossip/Read", { unary: () => clusterInfo(node) }],
    ["/event_store.client.monitoring.Monitoring/Stats", { stream: (call) => stats(context, node, call) }],
  ];
}

function clusterInfo(node: NodeIdentity): Buffer {
  return encode((w) =>
    w.message(1, (member) =>
      member
        .message(1, uuidStructured(parseUuid(instance)))
        .varint(2, Date.now() * TICKS_PER_MILLISECOND)
        .varint(3, LEADER)
        .bool(4, true)
        .message(5, (end) => end.string(1, node.host).varint(2, node.port())),
    ),
  );
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

function collectStats({ store }: Context, node: NodeIdentity): Record<string, number | string> {
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

/** Plain HTTP on the same port: what health checks and dashboards ask a node for. */
export function httpAnswers(context: Context, node: NodeIdentity): (method: string, path: string) => HttpAnswer {
  const answers: Readonly<Record<string, () => unknown>> = {
    "/ping": () => ({ text: "Ping request successfully handled" }),
    "/info": () => ({
      esVersion: SERVER_VERSION,
      state: "leader",
      features: { projections: false, userManagement: true, atomPub: false },
    }),
    // Figures are for operators.
    ...(!context.access.enabled && { "/stats": () => collectStats(context, node) }),
    "/gossip": () => ({
      members: [
        {
          instanceId: instance,
          timeStamp: new Date().toISOString(),
          state: "Leader",
          isAlive: true,
          httpEndPointIp: node.host,
          httpEndPointPort: node.port(),
        },
      ],
      serverIp: node.host,
      serverPort: node.port(),
    }),
  };
  return (method, target) => {
    const path = target.split("?")[0] ?? "/";
    if (path === "/health/live" || path === "/health/ready") return { status: 204, type: "", body: "" };
    const answer = method === "GET" ? answers[path] : undefined;
    if (answer) return { status: 200, type: "application/json", body: JSON.stringify(answer()) };
    const body = "This server speaks gRPC; use an EventStoreDB client.\n";
    return { status: 404, type: "text/plain", body };
  };
}
