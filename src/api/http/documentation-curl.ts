import { type OpenApi, type Operation } from "./openapi";
import { exampleOf } from "./openapi-example";

/** An operation with where it is found. */
export interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** A command that calls the operation; works when pasted, once the names in capitals are set. */
export function curlOf({ method, path, operation }: Placed, { components }: OpenApi, url: string): string {
  const { schemas } = components;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = operation.parameters.find((each) => each.in === "path" && each.name === name);
    return encodeURIComponent(String(exampleOf(parameter?.schema ?? {}, schemas, name)));
  });
  const query = operation.parameters
    .filter((each) => each.in === "query" && each.required)
    .map(({ name, schema }) => `${name}=${encodeURIComponent(String(exampleOf(schema, schemas, name)))}`);
  const body = operation.requestBody?.content["application/json"]?.schema;
  const packed = Object.values(operation.responses).some(
    (each) => "content" in each && each.content?.["application/x-ndjson"],
  );
  const words = [
    `curl${packed ? " --compressed" : ""}`,
    ...(method === "GET" ? [] : [`-X ${method}`]),
    quoted(url + filled + (query.length > 0 ? `?${query.join("&")}` : "")),
    ...credentials(operation),
    ...(body ? ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(exampleOf(body, schemas)))}`] : []),
  ];
  return words.join(" \\\n  ");
}

const quoted = (text: string): string => (/^[\w:/.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function credentials({ security }: Operation): readonly string[] {
  if (security.some((each) => Object.keys(each).length === 0)) return [];
  const scheme = Object.keys(security[0] ?? {})[0];
  if (scheme === undefined) return [];
  return [scheme === "apiKey" ? '-H "X-API-Key: $API_KEY"' : '-H "Authorization: Bearer $SHOPPER_TOKEN"'];
}
