import { type z } from "zod";
import { type DomainError } from "../../domains/kernel";
import { type CommandContext } from "../../infra/runtime/command";
import { type Logger } from "../../infra/observability";
import { type Principal, type Role, type Shopper } from "../../infra/security";
import { BODY_LIMIT } from "./body";
import { type EventId } from "./consistency";
import { standardDeadline } from "./deadline";
import { type Problem } from "./problem";
import { type AnyReply, type EventsReply, type RawReply, type ReplyExtras, type StreamReply } from "./reply";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * Who may call. `public`: anyone, tokens are not even looked at. `shopper`: a customer, known by a shopper token or by
 * the identity provider. `optional-shopper`: anyone; a token that is sent must be right, and one that has expired is none. `roles`: who has one of them
 * by an API key or the identity provider (`admin` always may); `openOnLoopback` lets anyone in while the server listens
 * on this machine alone.
 */
export type Security = "public" | "shopper" | "optional-shopper" | RoleSecurity;
export interface RoleSecurity {
  readonly roles: readonly Role[];
  readonly openOnLoopback?: boolean;
}

/** The standard request headers that a route heeds; for the documentation. */
export type StandardHeader =
  "Idempotency-Key" | "If-Match" | "If-None-Match" | "Prefer" | "Consistency-Token" | "Last-Event-ID";

export interface ResponseSpec {
  readonly description: string;
  /** JSON unless `mediaType` says otherwise; no schema means no content, or content that is not described. */
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
}
export type Responses = Readonly<Record<number, ResponseSpec>>;

/** The parameters in a path: `/carts/:cartId` → `{ cartId: string }`. */
export type PathParams<Path extends string> = Path extends `${string}/:${infer Name}/${infer Rest}`
  ? { readonly [K in Name]: string } & PathParams<`/${Rest}`>
  : Path extends `${string}/:${infer Name}`
    ? { readonly [K in Name]: string }
    : unknown;

/** What a handler gets. */
export interface Context<Params = unknown, Query = unknown, Body = unknown, Headers = unknown, Sec = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The route's own headers, checked. */
  readonly headers: Headers;
  readonly shopper: Sec extends "shopper" ? Shopper : Sec extends "optional-shopper" ? Shopper | undefined : undefined;
  /** Whose token it was, where none is needed and one was sent that has expired: nothing personal is shown for it. */
  readonly lapsed: Shopper | undefined;
  /** On a route that is open on loopback, a caller without a key is `{ name: "anonymous", roles: [] }`. */
  readonly principal: Sec extends RoleSecurity ? Principal : undefined;
  /** `shopper:<id>`, `key:<name>`, `user:<subject>` or `anonymous`. */
  readonly actor: string;
  readonly idempotencyKey: string | undefined;
  /** The revision that `If-Match` names. */
  readonly ifMatch: number | undefined;
  /** Seconds that `Prefer: wait` asks to wait for the end result. */
  readonly wait: number | undefined;
  /** The log position that the answer must at least reflect. */
  readonly consistencyToken: bigint | undefined;
  /** The last server-sent event that the caller has; `undefined` for one that is not ours. */
  readonly lastEventId: EventId | undefined;
  readonly correlationId: string;
  readonly traceparent: string | undefined;
  /** Logs with the correlation id. */
  readonly log: Logger;
  /** Fires when the caller goes away, or the answer is late. */
  readonly signal: AbortSignal;
  /** Headers that say who calls and why, for a question that is passed on to another process of the shop. */
  readonly passOn: Readonly<Record<string, string>>;
  /** The request's path as sent, without its query. */
  readonly path: string;
  /**
   * What surrounds the command that this request makes. Its id derives from actor and `Idempotency-Key`, and its
   * fingerprint from method, path and body, so that a repeated request gives the first answer; both are new without a
   * key. `over` replaces members, e.g. `{ actor }` for a shopper just made.
   */
  readonly command: (over?: Partial<CommandContext>) => CommandContext;
}

type Content<Schema> = Schema extends z.ZodType ? DeepReadonly<z.input<Schema>> : unknown;
type DeepReadonly<T> = unknown extends T
  ? T
  : T extends string | number | boolean | bigint | null | undefined
    ? T
    : { readonly [K in keyof T]: DeepReadonly<T[K]> };

/** A reply that keeps the route's promise: the content of each status is as its schema says. */
export type Reply<R extends Responses> =
  | {
      [S in keyof R & number]: ReplyExtras & { readonly status: S } & (R[S] extends { readonly schema: infer Schema }
          ? { readonly body: Content<Schema> }
          : { readonly body?: unknown });
    }[keyof R & number]
  | RawReply
  | StreamReply
  | EventsReply
  | DomainError
  | Problem;

export interface RouteDefinition<
  Path extends string,
  Sec extends Security,
  R extends Responses,
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Headers extends z.ZodType,
> {
  readonly method: Method;
  /** Parameters are written `:name` and take one whole segment. */
  readonly path: Path;
  /** Unique, camelCase. */
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: Sec;
  /** Plain text when absent. */
  readonly params?: Params;
  /** Without it the query is not looked at. Use a strict object, so that misspelt fields are refused. */
  readonly query?: Query;
  /** Without it a body is not looked at. */
  readonly body?: Body;
  /** Headers of the route's own, with names in lower case. */
  readonly headers?: Headers;
  readonly responses: R;
  /** The domain's refusals by code, with their status; for the documentation. */
  readonly refusals?: Readonly<Record<string, 404 | 409 | 412 | 422 | 503>>;
  /** Reads heed `If-None-Match` and `Consistency-Token`, all others `Idempotency-Key`, when absent. */
  readonly heeds?: readonly StandardHeader[];
  /** Parameters in the path that tell of a person: the audit trail does without them. */
  readonly personalParams?: readonly string[];
  /** In bytes; 1 MiB when absent. */
  readonly bodyLimit?: number;
  /** Until the answer begins, in ms, where the caller does not ask to wait: see `standardDeadline`. */
  readonly deadline?: number;
  /** `Cache-Control`; when absent `no-cache` for public reads, `private, no-cache` for others, `no-store` for writes. */
  readonly cache?: string;
  handler(
    context: Context<z.output<Params>, z.output<Query>, z.output<Body>, z.output<Headers>, Sec>,
  ): Reply<NoInfer<R>> | Promise<Reply<NoInfer<R>>>;
}

/** A route as the toolkit keeps it. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string | undefined;
  readonly tags: readonly string[];
  readonly security: Security;
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  readonly bodyRequired: boolean;
  readonly headers: z.ZodType | undefined;
  readonly responses: Responses;
  readonly refusals: Readonly<Record<string, number>>;
  readonly heeds: readonly StandardHeader[];
  readonly personalParams: readonly string[];
  readonly bodyLimit: number;
  readonly deadline: number;
  readonly cache: string;
  /** What it answers with, for `Accept`. */
  readonly produces: string;
  readonly handler: (context: Context) => AnyReply | Promise<AnyReply>;
}

/** Declares a route. One table of them feeds the server, the OpenAPI document and the readable page. */
export function route<
  const Path extends string,
  const Sec extends Security,
  const R extends Responses,
  Params extends z.ZodType = z.ZodType<PathParams<Path>>,
  Query extends z.ZodType = z.ZodType<undefined>,
  Body extends z.ZodType = z.ZodType<undefined>,
  Headers extends z.ZodType = z.ZodType<undefined>,
>(definition: RouteDefinition<Path, Sec, R, Params, Query, Body, Headers>): Route {
  const { method, security } = definition;
  const reads = method === "GET";
  const produces = Object.values(definition.responses).find(({ mediaType }) => mediaType !== undefined)?.mediaType;
  return {
    method,
    path: definition.path,
    operationId: definition.operationId,
    summary: definition.summary,
    description: definition.description,
    tags: definition.tags,
    security,
    params: definition.params,
    query: definition.query,
    body: definition.body,
    bodyRequired: definition.body !== undefined && !definition.body.safeParse(undefined).success,
    headers: definition.headers,
    responses: definition.responses,
    refusals: definition.refusals ?? {},
    heeds: definition.heeds ?? (reads ? ["If-None-Match", "Consistency-Token"] : ["Idempotency-Key"]),
    personalParams: definition.personalParams ?? [],
    bodyLimit: definition.bodyLimit ?? BODY_LIMIT,
    deadline: definition.deadline ?? standardDeadline(reads, definition.bodyLimit),
    cache: definition.cache ?? (reads ? (security === "public" ? "no-cache" : "private, no-cache") : "no-store"),
    produces: (produces ?? "application/json").replace(/\s*;.*/, ""),
    // The toolkit checks every part against the schemas above before it calls the handler.
    handler: definition.handler.bind(definition) as unknown as Route["handler"],
  };
}
