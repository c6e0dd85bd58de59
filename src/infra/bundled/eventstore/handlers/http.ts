import { type HttpAnswer, type HttpHandler } from "../transport/http";
import { postEvents } from "./atom-pub";
import { type Context } from "./context";
import { collectStats, INSTANCE, type NodeIdentity } from "./node";
import { SERVER_VERSION } from "./server-features";

const STREAM = /^\/streams\/([^/]+)$/;
const NOT_HERE: HttpAnswer = {
  status: 404,
  headers: { "content-type": "text/plain" },
  body: "This server speaks gRPC; use an EventStoreDB client.\n",
};

/** Plain HTTP on the same port: what health checks and dashboards ask a node for, and posting events. */
export function httpRoutes(context: Context, node: NodeIdentity): HttpHandler {
  const answers: Readonly<Record<string, () => unknown>> = {
    "/ping": () => ({ msgTypeId: 12, text: "Ping request successfully handled" }),
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
          instanceId: INSTANCE,
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
  return (request) => {
    const { method, path } = request;
    if (path === "/health/live" || path === "/health/ready") return { status: 204 };
    const stream = method === "POST" ? STREAM.exec(path)?.[1] : undefined;
    if (stream !== undefined) return postEvents(context, stream, request);
    const answer = method === "GET" ? answers[path] : undefined;
    if (!answer) return NOT_HERE;
    return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(answer()) };
  };
}
