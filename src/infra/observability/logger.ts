import { type DestinationStream, type Logger, pino } from "pino";
import pretty from "pino-pretty";
import { GatheredLines, writeRequestsTo } from "./request-lines";

export type { Logger } from "pino";

export const LOG_LEVELS = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** People's lines instead of JSON; when absent, people's lines on a terminal. */
  readonly pretty?: boolean;
  /** Where lines go instead of standard error. */
  readonly destination?: DestinationStream;
}

/** What never gets into a log, wherever it stands: secrets and personal data. */
const SECRET = [
  "authorization",
  "cookie",
  "apiKey",
  "token",
  "secret",
  "password",
  "email",
  "phone",
  "address",
  "shippingAddress",
  "payment",
  "owner",
  "customer",
  "shopper",
  "line1",
  "line2",
  "postalCode",
];
const REDACTED = [
  ...SECRET.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
  'headers["x-api-key"]',
  'headers["shopper-token"]',
  '*.headers["x-api-key"]',
  '*.headers["shopper-token"]',
];

/**
 * A logger: one JSON object per line on standard error (standard output is for what a command answers), or lines for
 * people on a terminal.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const settings = {
    level: options.level ?? "info",
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: "[redacted]" },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const people = options.destination === undefined && (options.pretty ?? process.stderr.isTTY);
  const plain = options.destination ?? pino.destination({ fd: 2, sync: true });
  const lines = new GatheredLines(people ? prettyStream() : plain, plain);
  const log = pino(settings, lines);
  writeRequestsTo(log, lines, people);
  return log;
}

const prettyStream = (): DestinationStream =>
  pretty({ destination: 2, sync: true, translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname" });

/** A logger that says nothing. */
export const silentLogger = (): Logger => pino({ level: "silent" });
