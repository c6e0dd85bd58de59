import { type Identity } from "../../infra/security";
import { type RequestContext } from "./request-context";
import { type Method, type Route } from "./route";

interface Told {
  readonly method: Method;
  /** The pattern, never the path. */
  readonly route: string;
  readonly operation: string;
  readonly status: number;
  readonly code: string | undefined;
  readonly correlationId: string;
  /** `key:<name>`, `user:<subject>`, `shopper` or `anonymous`; verified. */
  readonly actor: string;
}

/** A request that was refused, since it is not known who calls, or since the caller may not. */
export interface Refusal extends Told {
  readonly kind: "refusal";
  /** The address that the caller has, or is said to have. */
  readonly client: string;
}

/** A request of the back office that was to change something. */
export interface AnsweredCommand extends Told {
  readonly kind: "command";
  readonly ids: Readonly<Record<string, string>>;
  /** The address of what was made. */
  readonly made: string | undefined;
  /** The command that the request became, once it did. */
  readonly commandId: string | undefined;
  readonly traceparent: string | undefined;
}

export type Audited = Refusal | AnsweredCommand;

/** Is told of every request that belongs in the audit trail. Must neither throw nor take long. */
export type Audit = (audited: Audited) => void;

const REFUSALS: ReadonlySet<number> = new Set([401, 403, 429]);
/** What an id may look like to be kept: what tells of a person, such as an e-mail address, does not. */
const ID = /^[\w.:~-]{1,200}$/;

/** What the trail is to be told of a request that has been answered; nothing of most. */
export function auditedOf(context: RequestContext, status: number, code: string | undefined): Audited | undefined {
  const { route, identity } = context;
  if (route === undefined || route.security === "public") return undefined;
  const isRefusal = REFUSALS.has(status);
  if (!isRefusal && (route.method === "GET" || typeof route.security !== "object")) return undefined;
  const told = {
    method: route.method,
    route: route.path,
    operation: route.operationId,
    status,
    code,
    correlationId: context.correlationId,
    actor: actorIn(context.actor, identity),
  };
  if (isRefusal) return { kind: "refusal", ...told, client: clientOf(context) };
  const { madeCommandId: commandId, traceparent } = context;
  return {
    kind: "command",
    ...told,
    ids: idsOf(route, context.params),
    made: status === 201 ? context.made : undefined,
    commandId,
    traceparent,
  };
}

/** Who was let in, or was known and not let in. Which shopper it was is nobody's business here. */
function actorIn(actor: string, identity: Identity | undefined): string {
  if (actor.startsWith("shopper:")) return "shopper";
  if (actor !== "anonymous" || identity === undefined) return actor;
  const { principal } = identity;
  if (principal === undefined || principal.roles.includes("customer")) return "shopper";
  return `${principal.kind ?? "key"}:${principal.name}`;
}

function idsOf({ personalParams }: Route, params: unknown): Readonly<Record<string, string>> {
  if (typeof params !== "object" || params === null) return {};
  return Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => !personalParams.includes(name))
      .map(([name, value]) => [name, ID.test(String(value)) ? String(value) : "…"]),
  );
}

function clientOf({ request }: RequestContext): string {
  const forwarded = request.headers["x-forwarded-for"];
  const last = typeof forwarded === "string" ? forwarded.slice(forwarded.lastIndexOf(",") + 1).trim() : "";
  return last || (request.socket.remoteAddress ?? "");
}
