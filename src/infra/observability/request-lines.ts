import { type DestinationStream, type Logger } from "pino";

/** What the log tells of a request: never its path, its query or what it holds, which may be about people. */
export interface RequestLine {
  readonly correlationId: string;
  readonly method: string;
  /** The pattern of the path. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  /** Of the problem that it was answered with. */
  readonly code?: string | undefined;
  /** What kind of caller it was. */
  readonly caller?: string | undefined;
  readonly trace?: string | undefined;
  /** To which service a gateway passed it on, and in how many attempts. */
  readonly service?: string | undefined;
  readonly attempts?: number | undefined;
}

export type RequestLevel = "debug" | "info" | "warn";

/** Requests slower than this, in seconds, are told as warnings. */
const SLOW = 1;
/** What machines ask all the time is told only to those who look for it. */
const MACHINES = /^\/(?:health|metrics|internal)\b/;

/** How loudly a request is told. */
export function requestLevel(route: string, seconds: number, mayLast: () => boolean): RequestLevel {
  if (seconds > SLOW && !mayLast()) return "warn";
  return MACHINES.test(route) ? "debug" : "info";
}

/** Written at the latest after this time, in ms, or when there is so much, in characters. */
const GATHERED = 100;
const MUCH = 16 * 1024;

/** Writes lines of requests many at a time, before whatever else is written, so that all stay in order. */
export class GatheredLines implements DestinationStream {
  private gathered = "";
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly destination: DestinationStream,
    /** Where lines of requests go as they are. */
    private readonly asTheyAre: DestinationStream = destination,
  ) {
    process.once("exit", () => this.flush());
  }

  write(line: string): void {
    this.flush();
    this.destination.write(line);
  }

  gather(line: string): void {
    this.gathered += line;
    if (this.gathered.length > MUCH) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GATHERED).unref();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.gathered === "") return;
    const lines = this.gathered;
    this.gathered = "";
    this.asTheyAre.write(lines);
  }
}

/** By logger: how it writes lines of requests without the cost of any object. */
const WRITERS = new WeakMap<Logger, (level: RequestLevel, line: RequestLine) => void>();

/** From now on the logger's lines of requests go to `lines`. */
export function writeRequestsTo(log: Logger, lines: GatheredLines, pretty: boolean): void {
  const text = pretty ? prettyLine : jsonLine;
  WRITERS.set(log, (level, line) => lines.gather(text(level, line)));
}

/** Tells of a request: one line. */
export function logRequest(log: Logger, level: RequestLevel, line: RequestLine): void {
  if (!log.isLevelEnabled(level)) return;
  const write = WRITERS.get(log);
  if (write) return write(level, line);
  const { seconds, ...told } = line;
  log[level]({ ...told, ms: milliseconds(seconds) }, "request");
}

const milliseconds = (seconds: number): number => Math.round(seconds * 1e5) / 100;

/** All but the correlation id are words of ours; that id has been checked, or was made here. */
function jsonLine(level: RequestLevel, line: RequestLine): string {
  const { correlationId, method, route, status, seconds, code, caller, trace, service, attempts } = line;
  return (
    `{"level":"${level}","time":"${now()}","correlationId":${quoted(correlationId)},"method":${quoted(method)},` +
    `"route":${quoted(route)},"status":${status},"ms":${milliseconds(seconds)}` +
    (service === undefined ? "" : `,"service":${quoted(service)}`) +
    (attempts === undefined ? "" : `,"attempts":${attempts}`) +
    (code === undefined ? "" : `,"code":${quoted(code)}`) +
    (caller === undefined ? "" : `,"caller":${quoted(caller)}`) +
    (trace === undefined ? "" : `,"trace":"${trace}"`) +
    `,"msg":"request"}\n`
  );
}

function prettyLine(level: RequestLevel, line: RequestLine): string {
  const { correlationId, method, route, status, seconds, code, caller, service } = line;
  const more = [service, code, caller].filter((each) => each !== undefined && each !== "").join(", ");
  const time = new Date().toTimeString().slice(0, 8);
  return (
    `[${time}] ${level.toUpperCase()}: ${method} ${route} ${status} in ${milliseconds(seconds)} ms` +
    `${more === "" ? "" : ` (${more})`} ${correlationId}\n`
  );
}

const PLAIN = /^[\w.:+=/ *{}-]*$/;
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

let at = 0;
let written = "";
/** The time in ISO 8601; made once a millisecond. */
function now(): string {
  const moment = Date.now();
  if (moment !== at) {
    at = moment;
    written = new Date(moment).toISOString();
  }
  return written;
}
