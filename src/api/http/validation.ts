import { type z } from "zod";
import { type FieldError, type Place, Problem } from "./problem";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** At most so many errors are listed. */
const MOST_ERRORS = 50;

/** Checks one part of a request. @throws Problem naming each field at fault */
export function check(schema: z.ZodType, input: unknown, place: Place): unknown {
  let result;
  try {
    result = schema.safeParse(input);
  } catch (error) {
    // A document nested so deeply that checking it runs out of stack.
    if (error instanceof RangeError) throw refusal(place, [{ path: "", message: "is nested too deeply" }]);
    throw error;
  }
  if (result.success) return result.data;
  throw refusal(place, fieldErrors(result.error.issues, input));
}

const REFUSALS: Readonly<Record<Place, readonly [status: number, code: string, subject: string]>> = {
  body: [422, "invalid-body", "The body"],
  query: [400, "invalid-query", "The query"],
  header: [400, "invalid-header", "The headers"],
  // A path whose parameter cannot name anything leads nowhere.
  path: [404, "not-found", "The path"],
};

function refusal(place: Place, errors: readonly FieldError[]): Problem {
  const [status, code, subject] = REFUSALS[place];
  const first = errors[0];
  const named = first?.path ? `"${first.path}" ${first.message}` : `it ${first?.message ?? "is invalid"}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return new Problem(status, code, `${subject} cannot be accepted: ${named}${more}.`, {
    errors: errors.slice(0, MOST_ERRORS).map((error) => ({ ...error, in: place })),
  });
}

/** Zod's issues as errors that name the field by its path and speak plainly. */
export function fieldErrors(issues: readonly Issue[], input: unknown, under: Path = []): FieldError[] {
  return issues.flatMap((issue): FieldError[] => {
    const path = [...under, ...issue.path];
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({ path: dotted([...path, key]), message: "is not a known field" }));
    if (issue.code === "invalid_union" && issue.errors.length > 0) {
      const closest = closestBranch(issue.errors);
      if (closest) return fieldErrors(closest, input, path);
    }
    return [withReceived(dotted(path), messageOf(issue, valueAt(input, path)), valueAt(input, path))];
  });
}

/** The alternative of a union that the input came nearest to, if it got beyond its outermost type in any. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const within = branches.filter((issues) =>
    issues.some(({ path, code }) => path.length > 0 || code !== "invalid_type"),
  );
  return within.toSorted((a, b) => a.length - b.length)[0];
}

function withReceived(path: string, message: string, value: unknown): FieldError {
  switch (typeof value) {
    case "string":
      return { path, message, received: value.length > 100 ? `${value.slice(0, 100)}…` : value };
    case "number":
      return { path, message, received: Number.isFinite(value) ? value : String(value) };
    case "boolean":
      return { path, message, received: value };
    default:
      return value === null ? { path, message, received: null } : { path, message };
  }
}

function messageOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      if (value === undefined) return "is required";
      return `must be ${article(issue.expected)}, not ${nameOf(value)}`;
    case "too_small":
      return `must ${bound(issue.origin, Number(issue.minimum), issue.exact === true ? "exactly" : issue.inclusive === false ? "more than" : "at least")}`;
    case "too_big":
      return `must ${bound(issue.origin, Number(issue.maximum), issue.exact === true ? "exactly" : issue.inclusive === false ? "less than" : "at most")}`;
    case "invalid_value":
      return `must be ${issue.values.length === 1 ? "" : "one of "}${issue.values.map((v) => JSON.stringify(v)).join(", ")}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return isDefault(issue.message) ? `must be ${FORMATS[issue.format] ?? issue.format}` : `must be ${issue.message}`;
    case "invalid_union":
      return `must be ${alternatives(issue, value)}`;
    case "invalid_key":
    case "invalid_element":
      return `has a key that cannot be used: ${issue.issues.map((inner) => messageOf(inner, undefined)).join("; ")}`;
    default:
      return isDefault(issue.message) ? "is not valid" : issue.message;
  }
}

/** Zod's own wording, as opposed to a message that a schema gives. */
const isDefault = (message: string): boolean => message.startsWith("Invalid ");

const FORMATS: Readonly<Record<string, string>> = {
  uuid: "a UUID",
  email: "an e-mail address",
  datetime: "a time in ISO 8601 and UTC, such as 2026-01-31T12:00:00Z",
  date: "a date such as 2026-01-31",
  url: "a URL",
  regex: "in the expected form",
};

const ARTICLES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "text",
  array: "a list",
  object: "an object",
  record: "an object",
  boolean: "true or false",
  tuple: "a list",
  null: "null",
};
const article = (expected: string): string => ARTICLES[expected] ?? expected;

function alternatives(issue: Issue & { code: "invalid_union" }, value: unknown): string {
  const { options } = issue as { options?: readonly unknown[] };
  if (options) return `one of ${options.map((option) => JSON.stringify(option)).join(", ")}`;
  const types = issue.errors
    .flat()
    .flatMap((inner) => (inner.code === "invalid_type" ? [article(inner.expected)] : []));
  return types.length > 0
    ? `${[...new Set(types)].join(" or ")}, not ${nameOf(value)}`
    : "in one of the expected forms";
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return Number.isFinite(value) ? `${value}` : "so large a number";
  if (typeof value === "string") return "text";
  return typeof value === "object" ? "an object" : String(value);
}

function bound(origin: string, limit: number, relation: string): string {
  if (origin === "string") return `have ${relation} ${limit} character${limit === 1 ? "" : "s"}`;
  if (origin === "array" || origin === "set") return `have ${relation} ${limit} ${limit === 1 ? "entry" : "entries"}`;
  return relation === "exactly" ? `be ${limit}` : `be ${relation} ${limit}`;
}

const dotted = (path: Path): string => path.map(String).join(".");

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const key of path) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
