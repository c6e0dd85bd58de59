import { z } from "zod";
import { LOG_LEVELS } from "../observability";
import { isApiKey, SHOPPER_TOKEN_LIFETIME } from "../security";
import { isMasterKey } from "../privacy";

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
  tlsCert: named({
    env: "TLS_CERT",
    schema: z.string().min(1).optional(),
    standard: undefined,
    allowed: "the path of a file in PEM; read again when it changes",
    meaning: "Certificate, with its intermediates, for HTTPS instead of HTTP; with TLS_KEY",
  }),
  tlsKey: named({
    env: "TLS_KEY",
    schema: z.string().min(1).optional(),
    standard: undefined,
    allowed: "the path of a file in PEM",
    meaning: "Private key of the certificate",
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
  mongodbUrlOperations: named({
    env: "MONGODB_URL_OPERATIONS",
    schema: url(/^mongodb(?:\+srv)?:\/\/.+/).optional(),
    standard: undefined,
    allowed: "a connection string as for MONGODB_URL; that one when not set",
    meaning: "The login for the database with API keys and the register of processes, where it is one of its own",
  }),
  mongodbUrlKeys: named({
    env: "MONGODB_URL_KEYS",
    schema: url(/^mongodb(?:\+srv)?:\/\/.+/).optional(),
    standard: undefined,
    allowed: "a connection string as for MONGODB_URL; that one when not set",
    meaning: "The login for the database with the keys of people, where it is one of its own",
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
    meaning: "Least severity that is logged; `info` has a line for each request",
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
  shopperTokenLifetime: named({
    env: "SHOPPER_TOKEN_LIFETIME",
    schema: whole(1, 315_360_000),
    standard: String(SHOPPER_TOKEN_LIFETIME),
    allowed: "a whole number of seconds from 1 to 315360000, and the same in all processes",
    meaning: "How long a shopper token works (90 days); one that is in use is followed by another in time",
  }),
  serviceKey: named({
    env: "SERVICE_KEY",
    schema: z.string().min(32).optional(),
    standard: undefined,
    allowed: "32 characters or more, such as `openssl rand -hex 32` gives",
    meaning: "Signs a gateway's requests to services; a service that has it refuses what is said of callers unsigned",
    secret: true,
  }),
  serviceKeyAlso: named({
    env: "SERVICE_KEY_ALSO",
    schema: z
      .string()
      .transform((text) => text.split(",").map((each) => each.trim()))
      .pipe(z.array(z.string().min(32)))
      .optional(),
    standard: undefined,
    allowed: "keys as for SERVICE_KEY, separated by commas",
    meaning: "Keys that services take beside SERVICE_KEY: the next one, or the one before",
    secret: true,
  }),
  oidcIssuer: named({
    env: "OIDC_ISSUER",
    schema: z
      .string()
      .regex(/^(?:https:\/\/|http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?=[:/]|$))[^\s?#]*$/)
      .optional(),
    standard: undefined,
    allowed: "the issuer as its tokens name it, such as https://login.example.com/realms/shop; http on loopback only",
    meaning: "OpenID Connect issuer whose access tokens are taken beside API keys and shopper tokens",
  }),
  oidcAudience: named({
    env: "OIDC_AUDIENCE",
    schema: z.string().regex(/^\S{1,255}$/),
    standard: "millrace",
    allowed: "1 to 255 characters without spaces",
    meaning: "What an access token must be meant for (aud)",
  }),
  oidcRolesClaim: named({
    env: "OIDC_ROLES_CLAIM",
    schema: z.string().regex(/^\S{1,255}$/),
    standard: "roles",
    allowed: "the name of a claim, where dots lead into what is nested, such as realm_access.roles",
    meaning: "The claim of an access token that lists roles of the shop",
  }),
  masterKey: named({
    env: "MASTER_KEY",
    schema: z.string().refine(isMasterKey).optional(),
    standard: undefined,
    allowed: "32 bytes in base64, such as `openssl rand -base64 32` gives",
    meaning: "Wraps the keys of people (docs/privacy.md); without it, `start` makes one in the data folder",
    secret: true,
  }),
  masterKeyFile: named({
    env: "MASTER_KEY_FILE",
    schema: z.string().min(1).optional(),
    standard: undefined,
    allowed: "the path of a file",
    meaning: "Where MASTER_KEY is, instead of in the environment",
  }),
  masterKeyPrevious: named({
    env: "MASTER_KEY_PREVIOUS",
    schema: z
      .string()
      .transform((text) => text.split(",").map((each) => each.trim()))
      .pipe(z.array(z.string().refine(isMasterKey)))
      .optional(),
    standard: undefined,
    allowed: "keys as for MASTER_KEY, separated by commas",
    meaning: "Master keys before the present one; what they wrap is wrapped anew as it is read",
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
  cartAbandonedAfter: named({
    env: "CART_ABANDONED_AFTER",
    schema: whole(1, 31_536_000),
    standard: "86400",
    allowed: "a whole number of seconds from 1 to 31536000",
    meaning: "After how long without a change an open cart counts as abandoned in the figures",
  }),
  otlpEndpoint: named({
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    schema: url(/^https?:\/\/.+/).optional(),
    standard: undefined,
    allowed: "an address such as http://collector:4318",
    meaning: "The OpenTelemetry collector that traces are sent to (OTLP over HTTP); none are made when not set",
  }),
  otelServiceName: named({
    env: "OTEL_SERVICE_NAME",
    schema: z
      .string()
      .regex(/^[\w.-]{1,100}$/)
      .optional(),
    standard: undefined,
    allowed: "1 to 100 letters, digits and - _ .",
    meaning: "The name of this process in traces; `millrace-` and what it is when not set",
  }),
  otelSampling: named({
    env: "OTEL_TRACES_SAMPLER_ARG",
    schema: z
      .string()
      .regex(/^(?:0|1|0?\.\d{1,9}|1\.0+)$/)
      .transform(Number),
    standard: "1",
    allowed: "a number from 0 to 1",
    meaning: "Share of the traces begun here that are sent; requests that come with a trace keep what that one says",
  }),
  projectionPartitions: named({
    env: "PROJECTION_PARTITIONS",
    schema: z.string().regex(/^(?: *(?:\*|[\w-]+(?:\.[\w-]+)?) *= *(?:[1-9]|[1-5]\d|6[0-4]) *(?:,|$))*$/),
    standard: "",
    allowed: "`<projection>=<number>,…`, `*` being every projection and feed that can be divided, each from 1 to 64",
    meaning:
      "Into how many partitions, for several workers, projections and feeds are divided; 1 where nothing is said",
  }),
  leaseTtl: named({
    env: "LEASE_TTL",
    schema: whole(1, 600),
    standard: "6",
    allowed: "a whole number of seconds from 1 to 600, and the same in all processes",
    meaning: "How long a worker that is heard of no more keeps its work from others",
  }),
  answersKeptDays: named({
    env: "ANSWERS_KEPT_DAYS",
    schema: whole(1, 365),
    standard: "1",
    allowed: "a whole number of days from 1 to 365",
    meaning: "How long it is known what an Idempotency-Key was used for, and how a command without effect was answered",
  }),
  snapshotEvery: named({
    env: "SNAPSHOT_EVERY",
    schema: whole(0, 1_000_000),
    standard: "50",
    allowed: "a whole number of events from 0 (no snapshots) to 1000000",
    meaning: "How many events a stream that grows without end has beyond its snapshot until it gets another",
  }),
  gatewayServices: named({
    env: "GATEWAY_SERVICES",
    flag: "services",
    schema: z.string(),
    standard: "*=registered",
    allowed:
      "`<service>=<where>,…;…`, where `*` is every other service and each place is `http://host:port` (with " +
      "`#weight=…&zone=…` if wanted), `dns://name:port`, `srv://name`, or `registered` for those that register in MongoDB",
    meaning: "Where the gateway finds the services",
  }),
  gatewayConfig: named({
    env: "GATEWAY_CONFIG",
    flag: "config",
    schema: z.string().min(1).optional(),
    standard: undefined,
    allowed: "the path of a file of lines such as GATEWAY_CORS=storefront=*",
    meaning: "Settings of the gateway that go before the environment; read again on SIGHUP",
  }),
  gatewayAdvertise: named({
    env: "GATEWAY_ADVERTISE",
    schema: z
      .string()
      .regex(/^(?:auto|https?:\/\/[^/]+)$/)
      .optional(),
    standard: undefined,
    allowed: "an address such as http://10.0.0.7:8080, or auto for the one that is listened on",
    meaning: "Address under which `serve` registers in MongoDB, for gateways to find it",
  }),
  gatewayWeight: named({
    env: "GATEWAY_WEIGHT",
    schema: whole(0, 100_000),
    standard: "100",
    allowed: "a whole number from 0 to 100000",
    meaning: "This instance's share of the work beside others' weights: a canary has a small one",
  }),
  gatewayZone: named({
    env: "GATEWAY_ZONE",
    schema: z
      .string()
      .regex(/^[\w.-]{1,63}$/)
      .optional(),
    standard: undefined,
    allowed: "1 to 63 letters, digits and - _ .",
    meaning: "The zone that this process is in: a gateway prefers instances of its own",
  }),
  gatewayDnsServers: named({
    env: "GATEWAY_DNS_SERVERS",
    schema: z
      .string()
      .regex(/^[\w.:[\], ]+$/)
      .optional(),
    standard: undefined,
    allowed: "addresses such as 10.0.0.2:53, separated by commas",
    meaning: "Name servers that the gateway asks, instead of the machine's",
  }),
  gatewayCors: named({
    env: "GATEWAY_CORS",
    schema: z.string(),
    standard: "storefront=*;reference=*",
    allowed: "`<touchpoint>=<origin>,…;…`, `*` being every origin",
    meaning: "Whose web pages may call which touchpoint through the gateway",
  }),
  gatewayLimitClient: named({
    env: "GATEWAY_LIMIT_CLIENT",
    schema: z.string().optional(),
    standard: undefined,
    allowed: "`<requests>/<seconds>` such as 600/60",
    meaning: "Requests that one address may send through the gateway",
  }),
  gatewayLimitKey: named({
    env: "GATEWAY_LIMIT_KEY",
    schema: z.string().optional(),
    standard: undefined,
    allowed: "`<requests>/<seconds>` such as 6000/60",
    meaning: "Requests that the bearer of one API key or shopper token may send through the gateway",
  }),
  gatewayLimitRoutes: named({
    env: "GATEWAY_LIMIT_ROUTES",
    schema: z.string().optional(),
    standard: undefined,
    allowed: "`<operationId>=<requests>/<seconds>;…` such as openCart=30/60",
    meaning: "Requests to a route that one caller may send through the gateway",
  }),
  gatewayTrustedProxies: named({
    env: "GATEWAY_TRUSTED_PROXIES",
    schema: z.string().optional(),
    standard: undefined,
    allowed: "addresses and networks such as 10.0.0.0/8, separated by commas",
    meaning: "Proxies in front of the gateway whose X-Forwarded-For and X-Forwarded-Proto are believed",
  }),
  gatewayCacheMb: named({
    env: "GATEWAY_CACHE_MB",
    schema: whole(0, 65_536),
    standard: "64",
    allowed: "a whole number of MiB from 0 (keep none) to 65536",
    meaning: "Memory for kept public answers",
  }),
  gatewayStaleIfError: named({
    env: "GATEWAY_STALE_IF_ERROR",
    schema: whole(0, 86_400),
    standard: "300",
    allowed: "a whole number of seconds from 0 to 86400",
    meaning: "How long an old public answer may stand in for a service that is away",
  }),
  gatewayConcurrency: named({
    env: "GATEWAY_CONCURRENCY",
    schema: whole(1, 10_000),
    standard: "256",
    allowed: "a whole number from 1 to 10000",
    meaning:
      "Requests that one instance may be working on at once; when its answers slow down, the gateway sends fewer",
  }),
  gatewayWait: named({
    env: "GATEWAY_WAIT",
    schema: whole(0, 60_000),
    standard: "2000",
    allowed: "a whole number of milliseconds from 0 to 60000",
    meaning: "How long requests may have to wait for their turn before the gateway refuses what is too much (503)",
  }),
  gatewayFiles: named({
    env: "GATEWAY_FILES",
    schema: z.string().min(1).optional(),
    standard: undefined,
    allowed: "the path of a folder",
    meaning: "Files that the gateway serves where no route is, packed (br, gzip); read again on SIGHUP",
  }),
  gatewayHealthInterval: named({
    env: "GATEWAY_HEALTH_INTERVAL",
    schema: whole(50, 60_000),
    standard: "1000",
    allowed: "a whole number of milliseconds from 50 to 60000",
    meaning: "How often the gateway asks each instance whether it is ready",
  }),
  gatewayDrain: named({
    env: "GATEWAY_DRAIN",
    schema: whole(0, 600),
    standard: "3",
    allowed: "a whole number of seconds from 0 to 600",
    meaning: "How long a process that is asked to stop goes on serving while those in front of it turn elsewhere",
  }),
} as const;
