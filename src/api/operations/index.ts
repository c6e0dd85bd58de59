import { type Metrics } from "../../infra/observability";
import { type Route } from "../http";
import { type Services } from "../services";
import { healthRoutes } from "./health-routes";
import { type OperatedEngine } from "./operated-engine";
import { processRoutes } from "./process-routes";
import { workRoutes } from "./work-routes";

export {
  type ApiKeyDesk,
  apiKeyRoutes,
  type ApiKeyState,
  KEY_NAME,
  KEY_ROLES,
  type NewApiKey,
  stateOfKey,
} from "./api-key-routes";
export { asyncApiRoutes } from "./asyncapi";
export { type BusinessEngine, registerBusinessFigures } from "./business-figures";
export { healthRoutes } from "./health-routes";
export { type OperatedEngine } from "./operated-engine";
export { processRoutes } from "./process-routes";
export { workRoutes } from "./work-routes";

export interface OperationsOptions {
  readonly services: Services;
  readonly engine: OperatedEngine;
  readonly metrics: Metrics;
  /** The process is about to stop: nothing new should be sent to it. */
  readonly isDraining?: (() => boolean) | undefined;
}

/** What those need who keep the shop running: health, figures, and the state of all work. */
export const operationsRoutes = ({ engine, metrics, isDraining }: OperationsOptions): readonly Route[] => [
  ...healthRoutes(engine, metrics, isDraining),
  ...workRoutes(engine),
  ...processRoutes(engine),
];
