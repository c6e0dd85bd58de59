import { accessOf } from "./access";
import { ProblemBook, PROBLEM_SCHEMA } from "./openapi-problems";
import { type JsonSchema, SchemaBook } from "./openapi-schemas";
import { type Route, type Security, type StandardHeader } from "./route";

export interface ApiInfo {
  readonly title?: string;
  readonly version?: string;
  readonly description?: string;
}

/** A parameter or header of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** Who may call, where not everybody may. */
  readonly "x-roles"?: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Response | Reference>>;
}
type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>;
type Reference = { readonly $ref: string };
export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Reference>>;
  readonly content?: Content;
}

/** An OpenAPI 3.1 document, as far as this toolkit writes it. */
export interface OpenApi {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, JsonSchema>>;
    readonly headers: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

const DESCRIPTION =
  "JSON over HTTP. Amounts are decimal text. A write answers with `Consistency-Token`; a read that sends it back shows " +
  "that write. A command with an `Idempotency-Key` can be repeated: it gives the first answer and changes nothing. " +
  "`Request-Timeout` says for how many ms the caller waits; what has no answer by then is answered 504. " +
  "Errors are problem details (RFC 9457) with a stable `code`, explained under `/problems/<code>`.";

/** The OpenAPI document of a table of routes. @throws when two routes have one operationId */
export function openApiDocument(routes: readonly Route[], info: ApiInfo = {}): OpenApi {
  const books = { schemas: new SchemaBook(), problems: new ProblemBook() };
  const paths: Record<string, Record<string, Operation>> = {};
  const ids = new Set<string>();
  for (const route of routes) {
    if (ids.size === ids.add(route.operationId).size) throw new Error(`two routes are called ${route.operationId}`);
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route, books);
  }
  const tags = [...new Set(routes.flatMap((route) => route.tags))].map((name) => ({ name }));
  return {
    openapi: "3.1.0",
    info: { title: "Millrace", version: "1", description: DESCRIPTION, ...info },
    servers: [{ url: "/" }],
    tags,
    paths,
    components: {
      schemas: sorted({ ...books.schemas.components, Problem: PROBLEM_SCHEMA }),
      responses: sorted(books.problems.components),
      headers: RESPONSE_HEADERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

interface Books {
  readonly schemas: SchemaBook;
  readonly problems: ProblemBook;
}

const sorted = <T>(entries: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** `addItem` + `Body` → `AddItemBody`: for schemas that need a name and were given none. */
const called = ({ operationId }: Route, part: string): string =>
  operationId.charAt(0).toUpperCase() + operationId.slice(1) + part;

function operation(route: Route, { schemas, problems }: Books): Operation {
  const access = accessOf(route.security);
  const roles = typeof route.security === "object" ? `Roles: ${access.roles.join(", ")}.` : "";
  const description = [route.description, roles].filter((text) => text).join("\n\n");
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(description === "" ? {} : { description }),
    tags: route.tags,
    security: securityOf(route.security),
    ...(access.anyone === true ? {} : { "x-roles": access.roles }),
    parameters: [
      ...pathParameters(route, schemas),
      ...parameters(route, "query", schemas),
      ...parameters(route, "header", schemas),
      ...route.heeds.map((name) => STANDARD_HEADERS[name]),
    ],
    ...(route.body && {
      requestBody: {
        required: route.bodyRequired,
        content: { "application/json": { schema: schemas.schema(route.body, "input", called(route, "Body")) } },
      },
    }),
    responses: { ...successes(route, schemas), ...problems.responses(route) },
  };
}

function successes(route: Route, book: SchemaBook): Record<string, Response> {
  const answers: Record<string, Response> = {};
  for (const [status, { description, schema, mediaType }] of Object.entries(route.responses)) {
    const described = schema ? { schema: book.schema(schema, "output", called(route, "Answer")) } : {};
    const headers = headersOf(route, Number(status));
    answers[status] = {
      description,
      ...(headers.length > 0 && { headers: referTo(headers) }),
      ...((schema ?? mediaType) !== undefined && { content: { [mediaType ?? "application/json"]: described } }),
    };
  }
  if (route.method === "GET" && route.heeds.includes("If-None-Match"))
    answers[304] = { description: "What `If-None-Match` names still holds", headers: referTo(["ETag"]) };
  return answers;
}

function headersOf(route: Route, status: number): readonly string[] {
  const reads = route.method === "GET";
  return [
    ...(status === 201 || status === 202 || (status >= 300 && status < 400) ? ["Location"] : []),
    ...((reads && route.heeds.includes("If-None-Match")) || route.heeds.includes("If-Match") ? ["ETag"] : []),
    ...(!reads && route.heeds.includes("Idempotency-Key") ? ["Consistency-Token"] : []),
    ...(route.heeds.includes("Prefer") ? ["Preference-Applied"] : []),
  ];
}

const referTo = (headers: readonly string[]): Record<string, Reference> =>
  Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

function pathParameters(route: Route, book: SchemaBook): readonly Parameter[] {
  const described = new Map(parameters(route, "path", book).map((parameter) => [parameter.name, parameter]));
  return [...route.path.matchAll(/:(\w+)/g)].map(
    ([, name = ""]) => described.get(name) ?? { name, in: "path", required: true, schema: { type: "string" } },
  );
}

/**
 * Of a query, what must be sent follows from its input, what it means from its output: of the text `"20"` one wants to
 * know that it is a whole number from 1 to 100.
 */
function parameters(route: Route, where: Parameter["in"], book: SchemaBook): readonly Parameter[] {
  const zod = { path: route.params, query: route.query, header: route.headers }[where];
  if (!zod) return [];
  const name = called(route, where.charAt(0).toUpperCase() + where.slice(1));
  const [sent, meant] = (["input", "output"] as const).map((io) => book.follow(book.schema(zod, io, name)));
  const required = (sent?.["required"] ?? []) as readonly string[];
  const fields = (sent?.["properties"] ?? {}) as Record<string, JsonSchema>;
  const meanings = (meant?.["properties"] ?? {}) as Record<string, JsonSchema>;
  return Object.entries(fields).flatMap(([field, schema]) => {
    if (where === "header" && IMPLIED.has(field)) return [];
    const { description, ...rest } = asMeant(schema, meanings[field] ?? {});
    return {
      name: field,
      in: where,
      required: where === "path" || required.includes(field),
      ...(typeof description === "string" ? { description } : {}),
      schema: rest,
    };
  });
}

/** Headers that every client sends by itself. */
const IMPLIED = new Set(["host", "accept", "content-type", "authorization"]);

function asMeant(sent: JsonSchema, meant: JsonSchema): JsonSchema {
  const { description = meant["description"], ...schema } = sent;
  const isNumberOrFlag = ["integer", "number", "boolean"].includes(meant["type"] as string);
  const { default: standard } = meant;
  return {
    ...(isNumberOrFlag ? meant : schema),
    ...(standard === undefined ? {} : { default: standard }),
    ...(description === undefined ? {} : { description }),
  };
}

const text = (name: StandardHeader, description: string, more: JsonSchema = {}): Parameter => ({
  name,
  in: "header",
  required: false,
  description,
  schema: { type: "string", ...more },
});

const STANDARD_HEADERS: Readonly<Record<StandardHeader, Parameter>> = {
  "Idempotency-Key": text(
    "Idempotency-Key",
    "Any text of your own, new for each command. Sent again, it gives the first answer and changes nothing, be it a " +
      "refusal whose reason has gone; with another body or to another address it is refused (422). What did something " +
      "is known for ever, anything else for as long as the shop keeps answers: a day, unless it is set otherwise.",
    { minLength: 1, maxLength: 255 },
  ),
  "If-Match": text("If-Match", 'The revision that you decided on, from `ETag`, such as `"12"`.'),
  "If-None-Match": text("If-None-Match", "The `ETag` of the answer that you have; 304 when it still holds."),
  Prefer: text("Prefer", "`wait` or `wait=<seconds>`: answer when the end result is known.", { examples: ["wait=10"] }),
  "Consistency-Token": text("Consistency-Token", "As a write answered it: the answer will show that write."),
  "Last-Event-ID": text(
    "Last-Event-ID",
    "The `id` of the last event that you have: nothing is sent until there is news.",
  ),
};

const RESPONSE_HEADERS: Readonly<Record<string, JsonSchema>> = {
  "Consistency-Token": {
    description: "Send it with reads that must show this write.",
    schema: { type: "string", examples: ["c1-8x2k"] },
  },
  ETag: { description: "For `If-Match` and `If-None-Match`.", schema: { type: "string", examples: ['"12"'] } },
  Location: { description: "Where it is to be found.", schema: { type: "string", format: "uri-reference" } },
  "Preference-Applied": { description: "`wait` when it was waited for.", schema: { type: "string" } },
};

const SECURITY_SCHEMES: Readonly<Record<string, JsonSchema>> = {
  shopperToken: { type: "http", scheme: "bearer", description: "The `ms_…` token that making a cart gives." },
  shopperTokenHeader: { type: "apiKey", in: "header", name: "Shopper-Token" },
  apiKey: { type: "http", scheme: "bearer", description: "A back-office key, `mk_…`." },
  apiKeyHeader: { type: "apiKey", in: "header", name: "X-API-Key" },
  accessToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "Of the shop's OpenID Connect provider, with roles.",
  },
};

const BY_SHOPPERS = [{ shopperToken: [] }, { shopperTokenHeader: [] }, { accessToken: [] }];

function securityOf(security: Security): Operation["security"] {
  if (security === "public") return [];
  if (security === "shopper") return BY_SHOPPERS;
  if (security === "optional-shopper") return [{}, ...BY_SHOPPERS];
  return [{ apiKey: [] }, { apiKeyHeader: [] }, { accessToken: [] }, ...(security.openOnLoopback ? [{}] : [])];
}
