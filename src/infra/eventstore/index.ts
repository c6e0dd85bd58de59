export { type NewEvent, type WrittenEvent } from "./codec";
export {
  EventLog,
  EventLogUnavailable,
  keysAway,
  ForeignStream,
  messageOf,
  type AppendResult,
  type ExpectedRevision,
} from "./event-log";
export { entryAt, logPages, type LogEntry, type LogPages } from "./log-pages";
export { subscribeToLog, type Flow, type LogFilter, type LogSignal, type NewerEvent } from "./log-subscription";
