import { encode } from "../wire/proto-writer";
import { type Routes } from "../transport/grpc-server";

/** The version whose behaviour this server has; clients switch features on by it. */
export const SERVER_VERSION = "23.10.0.0";

const FEATURES: Readonly<Record<string, readonly string[]>> = {
  "event_store.client.streams.streams/read": ["position", "events"],
  "event_store.client.streams.streams/batchappend": ["deadline_duration"],
  "event_store.client.persistent_subscriptions.persistentsubscriptions/create": ["stream", "all"],
  "event_store.client.persistent_subscriptions.persistentsubscriptions/update": ["stream", "all"],
  "event_store.client.persistent_subscriptions.persistentsubscriptions/delete": ["stream", "all"],
  "event_store.client.persistent_subscriptions.persistentsubscriptions/read": ["stream", "all"],
  "event_store.client.persistent_subscriptions.persistentsubscriptions/getinfo": ["stream", "all"],
  "event_store.client.persistent_subscriptions.persistentsubscriptions/replayparked": ["stream", "all"],
  "event_store.client.persistent_subscriptions.persistentsubscriptions/list": ["stream", "all"],
};

/** ServerFeatures.GetSupportedMethods: what the routes offer, in lower case as the real node lists it. */
export function supportedMethods(routes: Routes): Buffer {
  return encode((w) => {
    for (const path of routes.keys()) {
      const [service = "", method = ""] = path.slice(1).toLowerCase().split("/");
      w.message(1, (m) => {
        m.string(1, method).string(2, service);
        for (const feature of FEATURES[`${service}/${method}`] ?? []) m.string(3, feature);
      });
    }
    w.string(2, SERVER_VERSION);
  });
}
