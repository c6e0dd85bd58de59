/** The HTTP toolkit: a typed table of routes, and all that every one of them has in common. */
export { type Access, accessMarkdown, accessOf } from "./access";
export { type AppOptions, bareApp, createApp, mount, mountEnd } from "./app";
export { type AnsweredCommand, type Audit, type Audited, type Refusal } from "./audited";
export { BODY_LIMIT } from "./body";
export { cacheControl, type CacheControl, contentEtag, revisionEtag } from "./conditional";
export { CONSISTENCY_HEADER, decodeToken, encodeEventId, encodeToken, type EventId } from "./consistency";
export { cursor, encodeCursor, flag, limit, offset, wholeNumber } from "./pagination";
export { documentationRoutes } from "./documentation";
export { type ApiInfo, type OpenApi, openApiDocument } from "./openapi";
export {
  type FieldError,
  missing,
  Problem,
  problemOf,
  problemOfRefusal,
  readModelBehind,
  unavailable,
} from "./problem";
export {
  accepted,
  type AnyReply,
  created,
  events,
  EVENTS_TYPE,
  type EventsReply,
  ndjson,
  noContent,
  ok,
  prepare,
  Prepared,
  raw,
  type RawReply,
  type ReplyExtras,
  type Row,
  type ServerEvent,
  type StreamReply,
} from "./reply";
export { type Context, type Method, type Reply, type ResponseSpec, type Route, route, type Security } from "./route";
export { listen, type Listening } from "./server";
export { httpServer, type HttpServer, type TlsFiles } from "./tls";
