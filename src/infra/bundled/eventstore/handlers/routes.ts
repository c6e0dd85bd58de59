import { type Method, type Routes } from "../transport/grpc-server";
import { type GroupManager } from "../persistent/manager";
import { type Scavenger } from "../core/scavenger";
import { type Users } from "../core/users";
import { append } from "./append";
import { batchAppend } from "./batch-append";
import { type Context } from "./context";
import { deleteStream } from "./delete";
import { type NodeIdentity, nodeRoutes } from "./node";
import { operationsRoutes } from "./operations";
import { persistentRoutes } from "./persistent-admin";
import { read } from "./read";
import { supportedMethods } from "./server-features";
import { userRoutes } from "./users";

const STREAMS = "/event_store.client.streams.Streams";

/** The parts of the server that handlers work on. */
export interface Parts {
  readonly context: Context;
  readonly groups: GroupManager;
  readonly users: Users;
  readonly scavenger: Scavenger;
  readonly node: NodeIdentity;
  /** Called when an operator asks the server to end. */
  readonly shutdown: () => void;
}

/** Every method this server answers; any other is UNIMPLEMENTED. */
export function buildRoutes({ context, groups, users, scavenger, node, shutdown }: Parts): Routes {
  const routes = new Map<string, Method>([
    [`${STREAMS}/Read`, { stream: (call) => read(context, call) }],
    [`${STREAMS}/Append`, { stream: (call) => append(context, call) }],
    [`${STREAMS}/BatchAppend`, { stream: (call) => batchAppend(context, call) }],
    [`${STREAMS}/Delete`, { unary: deleteStream(context, "delete") }],
    [`${STREAMS}/Tombstone`, { unary: deleteStream(context, "tombstone") }],
    ...persistentRoutes(context, groups),
    ...operationsRoutes(context, groups, scavenger, shutdown),
    ...userRoutes(context, users),
    ...nodeRoutes(context, node),
  ]);
  routes.set("/event_store.client.server_features.ServerFeatures/GetSupportedMethods", {
    unary: () => supportedMethods(routes),
  });
  return routes;
}
