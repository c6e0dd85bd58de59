import { type Method, type Routes } from "../transport/grpc-server";
import { type GroupManager } from "../persistent/manager";
import { append } from "./append";
import { batchAppend } from "./batch-append";
import { type Context } from "./context";
import { deleteStream } from "./delete";
import { persistentRoutes } from "./persistent-admin";
import { read } from "./read";
import { supportedMethods } from "./server-features";

const STREAMS = "/event_store.client.streams.Streams";

/** Every method this server answers; any other is UNIMPLEMENTED. */
export function buildRoutes(context: Context, groups: GroupManager): Routes {
  const routes = new Map<string, Method>([
    [`${STREAMS}/Read`, { stream: (call) => read(context, call) }],
    [`${STREAMS}/Append`, { stream: (call) => append(context, call) }],
    [`${STREAMS}/BatchAppend`, { stream: (call) => batchAppend(context, call) }],
    [`${STREAMS}/Delete`, { unary: deleteStream(context, "delete") }],
    [`${STREAMS}/Tombstone`, { unary: deleteStream(context, "tombstone") }],
    ...persistentRoutes(context, groups),
  ]);
  routes.set("/event_store.client.server_features.ServerFeatures/GetSupportedMethods", {
    unary: () => supportedMethods(routes),
  });
  return routes;
}
