import { type KeyObject } from "node:crypto";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { type Logger, type TracedSpan } from "../../infra/observability";
import { type CommandContext } from "../../infra/runtime/command";
import { deriveId, fingerprint, newId } from "../../infra/runtime/ids";
import { actorOf, type Identity, type Principal, type Shopper } from "../../infra/security";
import { parseIfMatch } from "./conditional";
import { allowedTime, passedOn, standardDeadline, waitWithin } from "./deadline";
import { decodeEventId, decodeToken, type EventId } from "./consistency";
import { parseCorrelationId, parseDeadline, parseIdempotencyKey, parseTraceparent, parseWait } from "./request-headers";
import { type Context, type Route } from "./route";

/** What says who calls, as it is. */
const PASSED_ON: ReadonlySet<string> = new Set(["authorization", "x-api-key", "x-forwarded-for", "x-forwarded-proto"]);

/** One request on its way through the toolkit. What a handler may never ask for is worked out only when asked. */
export class RequestContext implements Context {
  params: unknown = undefined;
  query: unknown = undefined;
  body: unknown = undefined;
  headers: unknown = undefined;
  shopper: undefined = undefined;
  principal: undefined = undefined;
  actor = "anonymous";
  /** Who calls, once that is known, whether let in or not. */
  identity: Identity | undefined = undefined;
  lapsed: Shopper | undefined = undefined;
  /** The shopper token that the caller is to go on with. */
  renewal: string | undefined = undefined;
  /** Lets the caller in once more, as at the beginning, for answers that last; absent where anybody may have them. */
  stillAllowed: (() => void | Promise<void>) | undefined = undefined;
  idempotencyKey: string | undefined = undefined;
  ifMatch: number | undefined = undefined;
  consistencyToken: bigint | undefined = undefined;
  readonly started = performance.now();
  /** Id of the command that the request has become; of the first, where it takes several. */
  madeCommandId: string | undefined = undefined;
  /** The address of what the request has made. */
  made: string | undefined = undefined;
  /** This request as traces have it. */
  span: TracedSpan | undefined = undefined;
  private knownCorrelationId: string | undefined = undefined;
  private knownLog: Logger | undefined = undefined;
  private abort: AbortController | undefined = undefined;
  private expired = false;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly path: string,
    readonly route: Route | undefined,
    private readonly baseLog: Logger,
    /** Fires when the process is to stop: what has no end of its own ends then. */
    readonly ending?: AbortSignal,
    /** Makes the fingerprints of commands. */
    private readonly fingerprintKey?: KeyObject,
  ) {}

  /** @throws Problem naming the header at fault */
  readHeaders(): void {
    const { headers } = this.request;
    this.idempotencyKey = parseIdempotencyKey(headers["idempotency-key"]);
    this.ifMatch = parseIfMatch(headers["if-match"]);
    const token = headers["consistency-token"];
    if (token !== undefined) this.consistencyToken = decodeToken(String(token));
  }

  identify(who: { readonly shopper: Shopper } | { readonly principal: Principal }): void {
    // A handler sees these as its route's security promises them.
    Object.assign(this, who);
    this.actor = "shopper" in who ? `shopper:${who.shopper.id}` : actorOf(who.principal);
  }

  get wait(): number | undefined {
    const wait = parseWait(this.request.headers["prefer"]);
    const { timeout } = this;
    if (wait === undefined || timeout === undefined) return wait;
    // Nobody hears an answer that comes after the caller has left.
    return waitWithin(wait, timeout - (performance.now() - this.started));
  }

  /** How long the answer may take from the request on until it begins, in ms. */
  get allowed(): number {
    const { route, request, timeout } = this;
    if (route === undefined) return standardDeadline(true);
    const wait = route.heeds.includes("Prefer") ? parseWait(request.headers["prefer"]) : undefined;
    return allowedTime(route.deadline, wait, timeout);
  }

  /** The answer is late, and nobody waits any more for what it would have been. */
  expire(): void {
    this.expired = true;
    this.abort?.abort();
  }

  get passOn(): Readonly<Record<string, string>> {
    const passed = Object.entries(this.request.headers).flatMap(([name, value]) =>
      typeof value === "string" && PASSED_ON.has(name) ? [[name, value]] : [],
    );
    const left = this.allowed - (performance.now() - this.started);
    return { ...Object.fromEntries(passed), "x-correlation-id": this.correlationId, "request-timeout": passedOn(left) };
  }

  /** How long the caller waits, in ms, where it says so. */
  private get timeout(): number | undefined {
    return parseDeadline(this.request.headers["request-timeout"]);
  }

  get lastEventId(): EventId | undefined {
    const header = this.request.headers["last-event-id"];
    return typeof header === "string" ? decodeEventId(header) : undefined;
  }

  get correlationId(): string {
    return (this.knownCorrelationId ??= parseCorrelationId(this.request.headers) ?? newId());
  }

  get traceparent(): string | undefined {
    return this.span?.traceparent ?? parseTraceparent(this.request.headers["traceparent"]);
  }

  get log(): Logger {
    return (this.knownLog ??= this.baseLog.child({ correlationId: this.correlationId }));
  }

  get signal(): AbortSignal {
    if (this.abort === undefined) {
      const abort = new AbortController();
      if (this.gone || this.expired) abort.abort();
      else this.response.once("close", () => this.response.writableFinished || abort.abort());
      this.abort = abort;
    }
    return this.abort.signal;
  }

  /** Whether the caller went away. */
  get gone(): boolean {
    return this.response.destroyed || this.response.socket?.destroyed === true;
  }

  /** A function of its own, so that handlers can take it out of the context. */
  readonly command = (over?: Partial<CommandContext>): CommandContext => {
    const key = this.idempotencyKey;
    const { ifMatch, traceparent } = this;
    const commandId = key === undefined ? newId() : deriveId("request", this.actor, key);
    this.madeCommandId ??= commandId;
    return {
      commandId,
      ...(key === undefined
        ? {}
        : { commandHash: fingerprint([this.request.method, this.path, this.body], this.fingerprintKey) }),
      correlationId: this.correlationId,
      actor: this.actor,
      ...(ifMatch === undefined ? {} : { expectedRevision: ifMatch }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...over,
    };
  };
}
