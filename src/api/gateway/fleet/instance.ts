import { Pool } from "undici";
import { SERVICE_TOKEN_HEADER } from "../../../infra/security";
import { type Candidate } from "../balance/candidate";
import { type Target } from "../discovery/source";
import { Breaker, type BreakerPolicy, type Circuit } from "../resilience/breaker";

/** Connections to one instance at most. */
const CONNECTIONS = 256;
/** The same for answers without end, each of which keeps one. */
const ENDLESS_CONNECTIONS = 8_192;
/** Services keep idle connections for 75 s; the gateway lets go first, so that none is closed as a request leaves. */
const KEEP_ALIVE = 60_000;
const CONNECT = 2_000;

/**
 * What the last questions after an instance's health say. `unknown`: it has not been asked yet. `silent`: it takes
 * connections but does not answer in time.
 */
export const HEALTHS = ["unknown", "ready", "silent", "not-ready"] as const;
export type Health = (typeof HEALTHS)[number];

/** One instance of a service: connections to it, and all that the gateway knows of how it is. */
export class Instance implements Candidate {
  readonly pool: Pool;
  /** For answers without end, so that they take no connection from others. */
  readonly endless: Pool;
  readonly breaker: Breaker;
  health: Health = "unknown";
  inFlight = 0;
  requests = 0;
  failures = 0;
  private removed = false;

  constructor(
    /** The service that it is an instance of: one process may be one of several. */
    readonly service: string,
    private target: Target,
    policy?: BreakerPolicy,
    private readonly sign?: (service: string) => string,
  ) {
    this.breaker = new Breaker(policy);
    this.pool = connectionsTo(target.url, CONNECTIONS);
    this.endless = connectionsTo(target.url, ENDLESS_CONNECTIONS);
  }

  /** Among the instances of all services. */
  get key(): string {
    return `${this.service} ${this.target.id}`;
  }
  get id(): string {
    return this.target.id;
  }
  get url(): string {
    return this.target.url;
  }
  get weight(): number {
    return this.target.weight;
  }
  get zone(): string | undefined {
    return this.target.zone;
  }
  get draining(): boolean {
    return this.target.draining || this.removed;
  }

  /** What shows it that a request comes from this gateway, as a flat list of headers. */
  get signature(): readonly string[] {
    return this.sign ? [SERVICE_TOKEN_HEADER, this.sign(this.service)] : [];
  }

  /** Weight, zone and draining may change; id and address never do. */
  update(target: Target): void {
    this.target = target;
  }

  /** Whether new requests should go there. */
  usable(now: number): boolean {
    return this.health === "ready" && this.open(now);
  }

  /** Whether new requests may go there when there is nowhere else: one that is only slow is better than none. */
  usableInNeed(now: number): boolean {
    return (this.health === "ready" || this.health === "silent") && this.open(now);
  }

  private open(now: number): boolean {
    return !this.draining && this.breaker.admits(now);
  }

  circuit(now: number): Circuit {
    return this.breaker.state(now);
  }

  /** What is under way ends; then the connections are closed. */
  async close(): Promise<void> {
    this.removed = true;
    await Promise.all([this.pool, this.endless].map((pool) => pool.close().catch(() => undefined)));
  }

  /** Breaks off what is under way. */
  async destroy(): Promise<void> {
    this.removed = true;
    await Promise.all([this.pool, this.endless].map((pool) => pool.destroy().catch(() => undefined)));
  }
}

const connectionsTo = (url: string, connections: number): Pool =>
  new Pool(url, {
    connections,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE,
    keepAliveMaxTimeout: KEEP_ALIVE,
    connect: { timeout: CONNECT, noDelay: true },
    // Time is kept by the gateway's own deadline; these catch what that cannot.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
