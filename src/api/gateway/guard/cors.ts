/** Whose web pages may call: `*`, or these origins. */
export type Origins = "*" | ReadonlySet<string>;

/** By touchpoint; where nothing is said no other page may. */
export type CorsPolicy = ReadonlyMap<string, Origins>;

const ALLOWED_HEADERS =
  "Accept, Authorization, Content-Type, Consistency-Token, Idempotency-Key, If-Match, If-None-Match, Prefer, " +
  "Shopper-Token, X-API-Key, X-Correlation-Id, traceparent";
const EXPOSED_HEADERS =
  "Consistency-Token, ETag, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, Shopper-Token, " +
  "X-Correlation-Id";
/** How long a browser may remember the answer, in seconds; more than two hours no browser does. */
const REMEMBERED = "7200";

/** The origin to allow; `undefined` when the page may not read the answer. */
export function allowedOrigin(policy: CorsPolicy, touchpoint: string, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  const origins = policy.get(touchpoint);
  if (origins === undefined) return undefined;
  if (origins === "*") return "*";
  return origins.has(origin) ? origin : undefined;
}

/** Whether the answer depends on who asks, so that caches must tell them apart. */
export const dependsOnOrigin = (policy: CorsPolicy, touchpoint: string): boolean => {
  const origins = policy.get(touchpoint);
  return origins !== undefined && origins !== "*";
};

/** Headers of every answer to a page that may read it, as a flat list. */
export const corsHeaders = (origin: string): readonly string[] => [
  "Access-Control-Allow-Origin",
  origin,
  "Access-Control-Expose-Headers",
  EXPOSED_HEADERS,
];

/** Headers of the answer to the question before the request. */
export const preflightHeaders = (origin: string, methods: string): readonly string[] => [
  "Access-Control-Allow-Origin",
  origin,
  "Access-Control-Allow-Methods",
  methods,
  "Access-Control-Allow-Headers",
  ALLOWED_HEADERS,
  "Access-Control-Max-Age",
  REMEMBERED,
];

/** `storefront=*;backoffice=https://a.example,https://b.example`. @throws naming the part at fault */
export function parseCors(text: string): CorsPolicy {
  const policy = new Map<string, Origins>();
  for (const part of text.split(";").map((each) => each.trim())) {
    if (part === "") continue;
    const at = part.indexOf("=");
    const touchpoint = part.slice(0, Math.max(0, at)).trim();
    const origins = part
      .slice(at + 1)
      .split(",")
      .map((each) => each.trim());
    if (at < 1 || origins.some((origin) => origin !== "*" && !isOrigin(origin)))
      throw new Error(
        `each part must be <touchpoint>=<origin>,… such as storefront=https://shop.example, not "${part}"`,
      );
    policy.set(touchpoint, origins.includes("*") ? "*" : new Set(origins));
  }
  return policy;
}

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;
