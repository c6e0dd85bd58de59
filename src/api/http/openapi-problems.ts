import { problemType } from "./problem";
import { type Route } from "./route";

type Json = { readonly [key: string]: unknown };

/** The schema of every error. */
export const PROBLEM_SCHEMA: Json = {
  type: "object",
  description: "Problem details (RFC 9457). Programs go by `code`, or `type`, which both stay; people read `detail`.",
  required: ["type", "title", "status", "detail", "code"],
  properties: {
    type: {
      type: "string",
      format: "uri",
      description: "Always the same for a code. `/problems/<code>` here explains it.",
      examples: [problemType("stale-revision")],
    },
    title: { type: "string", examples: ["Stale revision"] },
    status: { type: "integer", examples: [412] },
    detail: { type: "string", description: "One clear sentence." },
    code: { type: "string", examples: ["stale-revision"] },
    correlationId: { type: "string", description: "Names the request in our logs." },
    errors: {
      type: "array",
      description: "The fields at fault.",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: {
          path: { type: "string", examples: ["items.0.quantity"] },
          message: { type: "string" },
          in: { type: "string", enum: ["body", "query", "path", "header"] },
          received: { description: "What came." },
        },
      },
    },
  },
  additionalProperties: { description: "Facts that explain the refusal." },
};

/** The codes of every problem that the route can answer with, by status. */
function codesOf(route: Route): ReadonlyMap<number, ReadonlySet<string>> {
  const codes = new Map<number, Set<string>>();
  const add = (status: number, ...more: string[]) =>
    codes.set(status, new Set([...(codes.get(status) ?? []), ...more]));
  const { heeds, security } = route;
  if (route.query) add(400, "invalid-query");
  if (heeds.length > 0 || route.headers) add(400, "invalid-header");
  if (route.body) {
    add(400, "malformed-json", ...(route.bodyRequired ? ["missing-body"] : []));
    add(413, "body-too-large");
    add(415, "unsupported-media-type", "unsupported-content-encoding");
    add(422, "invalid-body");
  }
  if (typeof security === "object") {
    add(401, "api-key-required", "invalid-api-key", "invalid-token");
    add(403, "role-required", "scope-required");
    add(503, "issuer-unavailable");
  } else if (security !== "public") {
    add(
      401,
      ...(security === "shopper" ? ["shopper-token-required"] : []),
      "invalid-shopper-token",
      ...(security === "shopper" ? ["shopper-token-expired"] : []),
      "invalid-token",
    );
    if (security === "shopper") add(403, "role-required");
    add(503, "issuer-unavailable");
  }
  if (route.path.includes(":")) {
    add(400, "malformed-url");
    add(404, "not-found");
  }
  add(406, "not-acceptable");
  if (heeds.includes("Idempotency-Key")) {
    add(409, "contention");
    add(422, "idempotency-key-reused");
    add(503, "newer-version-needed");
  }
  if (heeds.includes("If-Match")) add(412, "stale-revision");
  for (const [code, status] of Object.entries(route.refusals)) add(status, code);
  add(500, "internal-error");
  add(504, "gateway-timeout");
  add(503, "temporarily-unavailable", ...(heeds.includes("Consistency-Token") ? ["read-model-behind"] : []));
  return codes;
}

const MEANINGS: Readonly<Record<number, string>> = {
  400: "The request cannot be understood",
  401: "Who calls is not known",
  403: "The caller may not do this",
  404: "There is no such thing, or it is somebody else's",
  406: "`Accept` rules out what this answers",
  409: "The present state does not allow it",
  412: "It was changed since the revision in `If-Match`",
  413: "The body is too large",
  415: "The body is not JSON",
  422: "The request is understood but cannot be accepted",
  500: "Something went wrong on our side",
  503: "A store or the identity provider does not answer at present, or a read model has not caught up",
  504: "The answer was not there in time, and nothing is known about the outcome",
};

/** The responses of problems, each kept once under `components` however many routes can answer with it. */
export class ProblemBook {
  readonly components: Record<string, Json> = {};

  /** The responses of every problem that the route can answer with, by status. */
  responses(route: Route): Record<string, { readonly $ref: string }> {
    const responses: Record<string, { readonly $ref: string }> = {};
    for (const [status, set] of [...codesOf(route)].toSorted(([a], [b]) => a - b)) {
      const codes = [...set].toSorted();
      const name = [status, ...codes].join(".");
      this.components[name] ??= response(status, codes);
      responses[status] = { $ref: `#/components/responses/${name}` };
    }
    return responses;
  }
}

function response(status: number, codes: readonly string[]): Json {
  const properties = {
    status: { const: status },
    code: { enum: codes },
    type: { enum: codes.map((code) => problemType(code)) },
  };
  return {
    description: `${MEANINGS[status] ?? "Refused"}: ${codes.map((code) => `\`${code}\``).join(", ")}.`,
    content: {
      "application/problem+json": { schema: { allOf: [{ $ref: "#/components/schemas/Problem" }], properties } },
    },
  };
}

/** A problem, and the routes that can answer with it. */
export interface ProblemKind {
  readonly code: string;
  readonly statuses: readonly number[];
  readonly routes: readonly Route[];
}

/** Every problem that some route can answer with, by code. */
export function problemKinds(routes: readonly Route[]): readonly ProblemKind[] {
  const kinds = new Map<string, { statuses: Set<number>; routes: Route[] }>();
  // These answer requests that lead to no route.
  for (const [code, status] of [
    ["unknown-route", 404],
    ["method-not-allowed", 405],
  ] as const)
    kinds.set(code, { statuses: new Set([status]), routes: [] });
  for (const route of routes)
    for (const [status, codes] of codesOf(route))
      for (const code of codes) {
        const kind = kinds.get(code) ?? { statuses: new Set<number>(), routes: [] };
        kinds.set(code, kind);
        kind.statuses.add(status);
        kind.routes.push(route);
      }
  return [...kinds]
    .map(([code, kind]) => ({ code, statuses: [...kind.statuses].toSorted(), routes: kind.routes }))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1));
}
