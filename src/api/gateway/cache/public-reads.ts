import { LRUCache } from "lru-cache";
import { type Problem } from "../../http";
import { type Collected, type Entry, entryOf, renewed, sizeOf } from "./entry";
import { decide, type Wanted } from "./freshness";

/** What is asked of a service on behalf of all who ask the same. */
export interface Fetching {
  /** The answer is only wanted when it has another tag. */
  readonly etag: string | undefined;
  /** It must reflect at least this. */
  readonly token: bigint | undefined;
}

/** An answer from the service, or why there is none. */
export type Fetched = { readonly answer: Collected } | { readonly problem: Problem };
export type Fetch = (fetching: Fetching) => Promise<Fetched>;

/** How a kept answer came to be given, as `Cache-Status` says it (RFC 9211). */
export type How = "hit" | "hit; detail=stale" | "fwd=uri-miss; stored" | "fwd=stale; stored" | "hit; detail=stale-on-error"; // prettier-ignore

export type Served =
  | { readonly entry: Entry; readonly how: How }
  /** The answer is not everybody's; whoever made the request for it may have it. */
  | { readonly own: Collected }
  /** Each has to ask for itself. */
  | { readonly bypass: true }
  | { readonly problem: Problem };

export interface PublicReadsOptions {
  /** Bytes that are kept at most. */
  readonly size: number;
  /** ms that an old answer may stand in for a service that is away. */
  readonly staleIfError: number;
  generation(instance: string): number | undefined;
  now(): number;
}

interface UnderWay {
  readonly token: bigint | undefined;
  readonly result: Promise<Served>;
}

/** For so long, in ms, everybody asks for itself what has turned out not to be everybody's. */
const BYPASS = 10_000;

/** Public reads: kept, looked at anew, and asked for once however many want the same. */
export class PublicReads {
  private readonly entries: LRUCache<string, Entry>;
  private readonly bypassed: LRUCache<string, true>;
  private readonly underWay = new Map<string, UnderWay>();
  readonly figures = { hits: 0, stale: 0, misses: 0, revalidations: 0, shared: 0 };

  constructor(private readonly options: PublicReadsOptions) {
    const { size } = options;
    this.entries = new LRUCache({ maxSize: Math.max(1, size), maxEntrySize: Math.max(1, size / 8), sizeCalculation: sizeOf }); // prettier-ignore
    this.bypassed = new LRUCache({ max: 10_000, ttl: BYPASS });
  }

  get kept(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.entries.size, bytes: this.entries.calculatedSize };
  }

  /** The answer under the key; a promise only when the service has to be asked. */
  serve(key: string, wanted: Wanted, fetch: Fetch): Served | Promise<Served> {
    const { now, generation, staleIfError } = this.options;
    const entry = this.entries.get(key);
    if (entry === undefined) {
      if (this.bypassed.has(key)) return { bypass: true };
      this.figures.misses++;
      return this.ask(key, wanted, undefined, fetch);
    }
    const decision = decide(entry, wanted, now(), generation, staleIfError);
    switch (decision.use) {
      case "fresh":
        this.figures.hits++;
        return { entry, how: "hit" };
      case "stale":
        this.figures.stale++;
        this.ask(key, { token: undefined, anew: true }, entry, fetch).catch(() => undefined);
        return { entry, how: "hit; detail=stale" };
      case "revalidate": {
        this.figures.revalidations++;
        const asked = this.ask(key, wanted, entry, fetch);
        return decision.ifError ? asked.then((served) => this.orStale(served, entry)) : asked;
      }
    }
  }

  private orStale(served: Served, entry: Entry): Served {
    const failed = "problem" in served || ("own" in served && served.own.status >= 500);
    if (!failed) return served;
    this.figures.stale++;
    return { entry, how: "hit; detail=stale-on-error" };
  }

  /** Asks, or joins those who are asking already for something as new. */
  private async ask(key: string, { token }: Wanted, entry: Entry | undefined, fetch: Fetch): Promise<Served> {
    const asking = this.underWay.get(key);
    if (asking && (token === undefined || (asking.token !== undefined && asking.token >= token))) {
      this.figures.shared++;
      const served = await asking.result;
      // Only one gets an answer that is not everybody's.
      return "own" in served ? { bypass: true } : served;
    }
    // Never older than what was shown before, whichever instance answers.
    const known = entry !== undefined && entry.position >= 0n ? entry.position : undefined;
    const least = token === undefined || (known !== undefined && known > token) ? known : token;
    const result = this.fetch(key, least, entry, fetch);
    const own: UnderWay = { token: least, result };
    this.underWay.set(key, own);
    try {
      return await result;
    } finally {
      if (this.underWay.get(key) === own) this.underWay.delete(key);
    }
  }

  private async fetch(key: string, token: bigint | undefined, entry: Entry | undefined, fetch: Fetch): Promise<Served> {
    const fetched = await fetch({ etag: entry?.etag, token });
    if ("problem" in fetched) return fetched;
    const { answer } = fetched;
    const now = this.options.now();
    if (answer.status === 304 && entry !== undefined) {
      const again = renewed(entry, answer, token ?? -1n, now);
      this.keep(key, again);
      return { entry: again, how: "fwd=stale; stored" };
    }
    const made = entryOf(answer, token ?? -1n, now);
    if (made === undefined) {
      if (answer.status < 500) {
        this.entries.delete(key);
        this.bypassed.set(key, true);
      }
      return { own: answer };
    }
    this.keep(key, made);
    return { entry: made, how: entry === undefined ? "fwd=uri-miss; stored" : "fwd=stale; stored" };
  }

  /** A slower request must not put back what a newer one has replaced. */
  private keep(key: string, entry: Entry): void {
    const before = this.entries.peek(key);
    if (before === undefined || before.position <= entry.position) this.entries.set(key, entry);
  }
}
