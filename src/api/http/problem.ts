import { DomainError, type DomainErrorKind } from "../../domains/kernel";
import { isStoreAway } from "../../infra/runtime/store-away";

/** Where in the request a field is. */
export type Place = "body" | "query" | "path" | "header";

/** One field at fault: its path (`items.0.quantity`), what is wrong, and what came. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
  readonly in?: Place;
  readonly received?: unknown;
}

export interface ProblemOptions {
  readonly errors?: readonly FieldError[];
  /** Facts for programs; members of the problem document beside the standard ones. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

const TYPE_BASE = "https://millrace.dev/problems/";

/** The `type` of a problem: names it for good. `/problems/<code>` of a running shop explains it. */
export const problemType = (code: string): string => TYPE_BASE + code;

const STANDARD = new Set(["type", "title", "status", "detail", "code", "errors", "correlationId"]);

/** An error as the caller sees it: RFC 9457 problem details with a stable `code`. Throw it, or return it as a reply. */
export class Problem extends Error {
  readonly errors: readonly FieldError[] | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(
    readonly status: number,
    /** Kebab-case and stable; the problem's `type` is derived from it. */
    readonly code: string,
    /** One clear sentence for people. */
    detail: string,
    options: ProblemOptions = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Problem";
    this.errors = options.errors;
    this.details = options.details;
    this.headers = options.headers;
  }

  /** The problem document. */
  document(correlationId?: string): Record<string, unknown> {
    return problemDocument(this, correlationId);
  }
}

interface ProblemLike {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly errors?: readonly FieldError[] | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

function problemDocument(problem: ProblemLike, correlationId?: string): Record<string, unknown> {
  const document: Record<string, unknown> = {
    type: problemType(problem.code),
    title: problemTitle(problem.code),
    status: problem.status,
    detail: problem.message,
    code: problem.code,
  };
  if (problem.errors !== undefined) document["errors"] = problem.errors;
  for (const [name, value] of Object.entries(problem.details ?? {})) {
    if (!STANDARD.has(name) && name !== "field") document[name] = value;
  }
  if (correlationId !== undefined) document["correlationId"] = correlationId;
  return document;
}

const ACRONYMS = /\b(?:api|etag|json|sku|url)\b/gi;

/** `out-of-stock` → `Out of stock`. */
export const problemTitle = (code: string): string =>
  (code.charAt(0).toUpperCase() + code.slice(1)).replaceAll("-", " ").replace(ACRONYMS, (word) => word.toUpperCase());

const STATUS_OF_KIND: Readonly<Record<DomainErrorKind, number>> = { "not-found": 404, conflict: 409, invalid: 422 };

/** Refusals of the command handler whose status is not that of their kind. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = { "stale-revision": 412, "idempotency-key-reused": 422 };

/**
 * A domain's refusal as a problem: the status follows from its kind, `details.field` becomes an entry of `errors`, where
 * `details.errors` does not tell all of them.
 */
export function problemOfRefusal(error: DomainError): Problem {
  const status = STATUS_OF_CODE[error.code] ?? STATUS_OF_KIND[error.kind];
  const { field, errors } = error.details;
  return new Problem(status, error.code, error.message, {
    details: error.details,
    ...(Array.isArray(errors) ? { errors: errors as readonly FieldError[] } : {}),
    ...(typeof field === "string" ? { errors: [{ path: field, message: error.message }] } : {}),
    ...(error.code === "contention" ? { headers: { "Retry-After": "1" } } : {}),
  });
}

/** MongoDB's client lets some errors of sockets through as they are. */
const LOST = new Set<unknown>(["EPIPE", "ECONNRESET", "ECONNREFUSED", "ETIMEDOUT"]);

const isUnreachable = (error: unknown): error is Error =>
  isStoreAway(error) || (error instanceof Error && LOST.has((error as { readonly code?: unknown }).code));

/** Any thrown value as a problem. What is not understood becomes a 500 that tells nothing of the inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DomainError) return problemOfRefusal(error);
  if (isUnreachable(error)) return isOutdated(error) ? outdated(error) : unavailable(error);
  return new Problem(500, "internal-error", "Something went wrong on our side. Nothing is known about the outcome.", {
    cause: error,
  });
}

/** Newer code has written what is not known here; processes that run it are on their way, or there already. */
const isOutdated = ({ cause }: Error): boolean => cause instanceof Error && cause.name === "NewerVersion";

const outdated = (cause: Error): Problem =>
  new Problem(503, "newer-version-needed", "This was changed by a newer version of the program. Nothing was done; try again.", {
    headers: { "Retry-After": "1" },
    cause,
  }); // prettier-ignore

/** 503 with `Retry-After` (seconds): a store does not answer at present. */
export function unavailable(cause?: unknown, retryAfter = 2): Problem {
  return new Problem(503, "temporarily-unavailable", "A store that this needs does not answer at present. Try again.", {
    headers: { "Retry-After": String(retryAfter) },
    cause,
  });
}

/** 503: the read model did not reach the position of the caller's consistency token in time. */
export function readModelBehind(details: Readonly<Record<string, unknown>> = {}): Problem {
  return new Problem(503, "read-model-behind", "The read model has not caught up with your write yet. Try again.", {
    headers: { "Retry-After": "1" },
    details,
  });
}

/** 404 for a resource that is not there, or is somebody else's. */
export const missing = (what: string): Problem => new Problem(404, "not-found", `There is no such ${what}.`);

/** 400 naming the request header at fault. */
export const badHeader = (name: string, message: string, received: string): Problem =>
  new Problem(400, "invalid-header", `The header ${name} ${message}.`, {
    errors: [{ path: name, in: "header", message, received: received.slice(0, 100) }],
  });
