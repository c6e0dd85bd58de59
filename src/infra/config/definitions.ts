import { z } from "zod";
import { LOG_LEVELS } from "../observability";
import { isApiKey } from "../security";

/** One setting: where it comes from, what it may be, and what it is for. */
export interface Definition<Schema extends z.ZodType = z.ZodType> {
  readonly env: string;
  /** The name of its flag without dashes; a secret has none, as flags can be read in the list of processes. */
  readonly flag?: string;
  /** Takes text. */
  readonly schema: Schema;
  /** In text, as it would be set; `undefined`: not set. */
  readonly standard: string | undefined;
  /** What it may be, for people. */
  readonly allowed: string;
  readonly meaning: string;
  /** Never shown in a message. */
  readonly secret?: true;
}

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(least).max(most));

const oneOf = <const Values extends readonly string[]>(values: Values) => z.enum(values);
const url = (protocols: RegExp) => z.string().regex(protocols);
const named = <Schema extends z.ZodType>(definition: Definition<Schema>): Definition<Schema> => definition;

/** Every setting of the engine. */
export const DEFINITIONS = {
  port: named({
    env: "PORT",
    flag: "port",
    schema: whole(0, 65_535),
    standard: "8080",
    allowed: "a whole number from 0 (any free port) to 65535",
    meaning: "Port that the APIs listen on",
  }),
  host: named({
    env: "HOST",
    flag: "host",
    schema: z.string().regex(/^[\w.:-]{1,253}$/),
    standard: "127.0.0.1",
    allowed: "an address or name of this machine, such as 127.0.0.1 or 0.0.0.0",
    meaning: "Address that the APIs listen on. Beyond loopback, analytics and operations need an API key",
  }),
  dataDir: named({
    env: "DATA_DIR",
    flag: "data",
    schema: z.string().min(1),
    standard: "./data",
    allowed: "the path of a folder",
    meaning: "Where the bundled stores keep their data",
  }),
  eventstoreUrl: named({
    env: "EVENTSTORE_URL",
    flag: "eventstore",
    schema: url(/^(?:esdb|kurrentdb|kurrent)(?:\+discover)?:\/\/.+/).optional(),
    standard: undefined,
    allowed: "a connection string such as esdb://localhost:2113?tls=false",
    meaning: "The EventStoreDB or KurrentDB to use, instead of the bundled one",
  }),
  mongodbUrl: named({
    env: "MONGODB_URL",
    flag: "mongodb",
    schema: url(/^mongodb(?:\+srv)?:\/\/.+/).optional(),
    standard: undefined,
    allowed: "a connection string such as mongodb://localhost:27017/?replicaSet=rs0",
    meaning: "The MongoDB replica set or sharded cluster to use, instead of the bundled one",
  }),
  mongodbPrefix: named({
    env: "MONGODB_PREFIX",
    schema: z.string().regex(/^[a-z][a-z0-9_]{0,29}$/),
    standard: "millrace",
    allowed: "1 to 30 of a-z, 0-9 and _, beginning with a letter",
    meaning: "Databases are called `<prefix>_<context>`",
  }),
  mongodBinary: named({
    env: "MONGOD_BINARY",
    schema: z.string().min(1).optional(),
    standard: undefined,
    allowed: "the path of a mongod program",
    meaning: "The mongod to run as bundled store, instead of one on the PATH or a fetched one",
  }),
  logLevel: named({
    env: "LOG_LEVEL",
    schema: oneOf(LOG_LEVELS),
    standard: "info",
    allowed: LOG_LEVELS.join(", "),
    meaning: "Least severity that is logged; `debug` has a line for each request",
  }),
  adminApiKey: named({
    env: "ADMIN_API_KEY",
    schema: z.string().refine(isApiKey).optional(),
    standard: undefined,
    allowed: "16 to 128 letters, digits and - _ . ~, not beginning with ms_",
    meaning: "An API key with every role",
    secret: true,
  }),
  shopperSecret: named({
    env: "SHOPPER_SECRET",
    schema: z.string().min(16).optional(),
    standard: undefined,
    allowed: "16 characters or more",
    meaning: "Signs shopper tokens; made once and kept in MongoDB when not set",
    secret: true,
  }),
  currency: named({
    env: "CURRENCY",
    schema: z.string().regex(/^[A-Z]{3}$/),
    standard: "GBP",
    allowed: "an ISO 4217 code such as GBP",
    meaning: "Currency of prices where the caller names none",
  }),
  paymentTimeout: named({
    env: "PAYMENT_TIMEOUT",
    schema: whole(1, 86_400),
    standard: "60",
    allowed: "a whole number of seconds from 1 to 86400",
    meaning: "How long checkout waits for a payment before it cancels the order",
  }),
} as const;
