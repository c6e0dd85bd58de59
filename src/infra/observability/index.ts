export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel, silentLogger } from "./logger";
export { type Figure, Metrics, type Reading } from "./metrics";
export { logRequest, requestLevel, type RequestLine } from "./request-lines";
export { type Timings, timingsOf } from "./timings";
export {
  beginBatchSpan,
  beginSpan,
  isTracing,
  startTracing,
  type TracedSpan,
  type Tracing,
  type TracingOptions,
  within,
} from "./tracing";
