import { createApp, listen, type Listening } from "../../src/api/http";
import { operationsRoutes } from "../../src/api/operations";
import { type Services } from "../../src/api/services";
import { type Engine } from "../../src/engine/engine";
import { Metrics } from "../../src/infra/observability";
import { collectedLog } from "./collected-logs";

/** The operators' routes of an engine that is no shop, on a free port. */
export function serveOperations(engine: Engine): Promise<Listening> {
  const routes = operationsRoutes({ services: {} as Services, engine, metrics: new Metrics({ process: false }) });
  return listen(createApp(routes, { log: collectedLog(), openOnLoopback: true }), { port: 0, host: "127.0.0.1" });
}
