import { type OpenApi, type Operation } from "./openapi";
import { exampleOf } from "./openapi-example";

/** An operation with where it is found. */
export interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Commands up to this length stand on one line. */
const SHORT = 90;

/** A command that calls the operation; works when pasted, once the variables in it are set. */
export function curlOf(placed: Placed, { components }: OpenApi, url: string): string {
  const { method, operation } = placed;
  const { schemas } = components;
  const query = operation.parameters
    .filter((each) => each.in === "query" && each.required)
    .map(({ name, schema }) => `${name}=${encodeURIComponent(String(exampleOf(schema, schemas, name)))}`);
  const body = operation.requestBody?.content["application/json"]?.schema;
  const answers = (mediaType: string) =>
    Object.values(operation.responses).some((each) => "content" in each && each.content?.[mediaType]);
  const how = `${answers("application/x-ndjson") ? " --compressed" : ""}${answers("text/event-stream") ? " -N" : ""}`;
  const words = [
    `curl${how}${method === "GET" ? "" : ` -X ${method}`}`,
    quoted(url + pathOf(placed, schemas) + (query.length > 0 ? `?${query.join("&")}` : "")),
    ...credentials(operation),
    ...(body ? ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(exampleOf(body, schemas)))}`] : []),
  ];
  const line = words.join(" ");
  return line.length <= SHORT ? line : words.join(" \\\n  ");
}

/** The path with what a parameter may be, or a variable where only the shop knows: `/carts/$CART_ID/items`. */
function pathOf({ path, operation }: Placed, schemas: OpenApi["components"]["schemas"]): string {
  const segments = path.split("/").map((segment, index, all) => {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined) return segment;
    const schema = operation.parameters.find((each) => each.in === "path" && each.name === name)?.schema ?? {};
    const isTold = schema["examples"] !== undefined || schema["pattern"] !== undefined;
    return isTold ? encodeURIComponent(String(exampleOf(schema, schemas, name))) : variable(name, all[index - 1] ?? "");
  });
  return segments.join("/");
}

/** `cartId` → `$CART_ID`; `id` after `orders` → `$ORDER_ID`. */
function variable(name: string, before: string): string {
  const whole = name === "id" && !before.startsWith("{") ? `${before.replace(/ies$/, "y").replace(/s$/, "")}Id` : name;
  return `$${whole.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function quoted(text: string): string {
  if (/^[\w:/.-]+$/.test(text)) return text;
  return /^[\w:/.$%?=&-]+$/.test(text) ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}

function credentials({ security }: Operation): readonly string[] {
  if (security.some((each) => Object.keys(each).length === 0)) return [];
  const scheme = Object.keys(security[0] ?? {})[0];
  if (scheme === undefined) return [];
  return [scheme === "apiKey" ? '-H "X-API-Key: $API_KEY"' : '-H "Authorization: Bearer $SHOPPER_TOKEN"'];
}
