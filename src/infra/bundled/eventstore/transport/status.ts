/** gRPC status codes, as far as this server uses them. */
export const CODE = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** What a call ends with. The trailers are where EventStoreDB's clients look for the kind of error. */
export class GrpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly trailers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

const exception = (code: number, message: string, kind: string, more: Record<string, string> = {}): GrpcError =>
  new GrpcError(code, message, { exception: kind, ...more });

export const invalidArgument = (message: string): GrpcError => new GrpcError(CODE.INVALID_ARGUMENT, message);

export const unimplemented = (what: string): GrpcError =>
  new GrpcError(CODE.UNIMPLEMENTED, `${what} is not offered by this server.`);

export const streamDeleted = (stream: string): GrpcError =>
  exception(CODE.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, "stream-deleted", {
    "stream-name": stream,
  });

export const wrongExpectedVersion = (stream: string, expected: number, actual: number): GrpcError =>
  exception(
    CODE.FAILED_PRECONDITION,
    `Append failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
    "wrong-expected-version",
    { "stream-name": stream, "expected-version": String(expected), "actual-version": String(actual) },
  );

export const maximumAppendSize = (limit: number): GrpcError =>
  exception(CODE.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, "maximum-append-size-exceeded", {
    "maximum-append-size": String(limit),
  });

export const requiredMetadata = (names: readonly string[]): GrpcError =>
  exception(
    CODE.INVALID_ARGUMENT,
    `Required Metadata Property '${names.join(", ")}' is missing`,
    "missing-required-metadata-property",
    { "required-metadata-properties": names.join(",") },
  );

export const accessDenied = (): GrpcError => exception(CODE.PERMISSION_DENIED, "Access Denied", "access-denied");

export const notAuthenticated = (): GrpcError => new GrpcError(CODE.UNAUTHENTICATED, "Unauthenticated");

const group = (stream: string, name: string): Record<string, string> => ({ "stream-name": stream, "group-name": name });

export const groupNotFound = (stream: string, name: string): GrpcError =>
  exception(
    CODE.NOT_FOUND,
    `Subscription group ${name} on stream ${stream} does not exist.`,
    "persistent-subscription-does-not-exist",
    group(stream, name),
  );

export const groupExists = (stream: string, name: string): GrpcError =>
  exception(
    CODE.ALREADY_EXISTS,
    `Subscription group ${name} on stream ${stream} exists.`,
    "persistent-subscription-exists",
    group(stream, name),
  );

export const groupDropped = (stream: string, name: string): GrpcError =>
  exception(
    CODE.CANCELLED,
    `Subscription group ${name} on stream ${stream} was dropped.`,
    "persistent-subscription-dropped",
    group(stream, name),
  );

export const maximumSubscribers = (stream: string, name: string): GrpcError =>
  exception(
    CODE.FAILED_PRECONDITION,
    `Maximum subscriptions reached for subscription group ${name} on stream ${stream}.`,
    "maximum-subscribers-reached",
    group(stream, name),
  );

export const groupFailed = (stream: string, name: string, reason: string): GrpcError =>
  exception(
    CODE.INTERNAL,
    `Subscription group ${name} on stream ${stream} failed: '${reason}'`,
    "persistent-subscription-failed",
    { ...group(stream, name), reason },
  );

export const loginNotFound = (login: string): GrpcError =>
  exception(CODE.NOT_FOUND, `User '${login}' is not found.`, "user-not-found", { "login-name": login });

export const loginConflict = (login: string): GrpcError =>
  exception(CODE.FAILED_PRECONDITION, "Conflict.", "user-conflict", { "login-name": login });

export const scavengeNotFound = (id: string): GrpcError =>
  exception(CODE.NOT_FOUND, "Scavenge id was invalid.", "scavenge-not-found", { "scavenge-id": id });

/** Anything thrown becomes a status; what was not foreseen is named, without a stack. */
export function asGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.constructor.name === "MalformedMessage") return invalidArgument(message);
  if (error instanceof Error && error.constructor.name === "DamagedLogError")
    return new GrpcError(CODE.DATA_LOSS, message);
  return new GrpcError(CODE.UNKNOWN, message);
}
