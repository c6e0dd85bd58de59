import { type Metrics } from "../../infra/observability";
import { type Route } from "../http";
import { type Services } from "../services";
import { type Elsewhere, gathered } from "./gathered";
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
export { type Answer, type Elsewhere, type Question } from "./gathered";
export { healthRoutes } from "./health-routes";
export { type FollowedState, type OperatedEngine, type WorkerState } from "./operated-engine";
export { processRoutes } from "./process-routes";
export { workRoutes } from "./work-routes";

export interface OperationsOptions {
  readonly services: Services;
  readonly engine: OperatedEngine;
  readonly metrics: Metrics;
  /** Where contexts are other processes. */
  readonly elsewhere?: Elsewhere | undefined;
  /** The process is about to stop: nothing new should be sent to it. */
  readonly isDraining?: (() => boolean) | undefined;
}

/** What those need who keep the shop running: health, figures, and the state of all work. */
export function operationsRoutes({ engine, metrics, isDraining, elsewhere }: OperationsOptions): readonly Route[] {
  const work = [...workRoutes(engine), ...processRoutes(engine)];
  return [...healthRoutes(engine, metrics, isDraining), ...(elsewhere ? gathered(work, elsewhere) : work)];
}
