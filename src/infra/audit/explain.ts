import { setImmediate as nextTurn } from "node:timers/promises";
import { type Document, type Projection, type Recorded } from "../../domains/kernel";
import { type EventLog, logPages } from "../eventstore";
import { type MongoStores } from "../mongo";
import { ProjectionFold } from "./fold";
import { LogReading } from "./log-reading";
import { sameDocument } from "./model-report";
import { Scratch } from "./scratch";
import { Skips } from "../runtime";
import { withStored } from "./stored";
import { trace, type Trace, type TraceOptions } from "./trace";

export interface ExplainOptions {
  readonly id: string;
  /** Only events after this position are told. */
  readonly after: bigint;
  readonly limit: number;
  /** How long the log may be read, in ms. */
  readonly budget: number;
  /** Read the whole log, even where the document names its streams. */
  readonly scan: boolean;
  readonly signal?: AbortSignal;
}

export interface Explanation {
  /** As it is stored; `undefined`: it is not there (any more). */
  readonly document: Document | undefined;
  /** Log position that it reflects. */
  readonly position: bigint;
  readonly events: readonly Recorded[];
  /** Events that made it, on all pages together, as far as was read. */
  readonly total: number;
  /** There are more events after this position. */
  readonly next: bigint | null;
  /** `streams`: those that the document names. `log`: everything was looked at. */
  readonly method: "streams" | "log";
  /** Whether these events, folded, give exactly what is stored; `null` where time was not enough to tell. */
  readonly reproduced: boolean | null;
  /** Where reading ended: at the document's position, or before it when time was over. */
  readonly readTo: bigint;
}

/** Events of the named streams that are held in memory at most. */
const MOST_IN_MEMORY = 50_000;
/** Events looked at before others get their turn. */
const AT_ONCE = 100;

/** The fold needs other documents than the one it is about. */
class NeedsAll extends Error {}

/**
 * Finds the events that made a document of a read model, exactly, by the projection's own functions. Where the document
 * names its streams these are read alone, and believed when they lead to just that document; else the log is read.
 */
export class Explainer {
  private readonly reading = new LogReading();

  constructor(
    private readonly log: EventLog,
    private readonly stores: MongoStores,
  ) {}

  /** @throws LogBusy */
  async explain(projection: Projection<Document>, options: ExplainOptions): Promise<Explanation> {
    const found = await this.stored(projection, options.id);
    const { document } = found;
    const named = document && !options.scan && projection.sources?.(document);
    const byStreams = named && (await this.byStreams(projection, { ...options, ...found }, named));
    if (byStreams) return byStreams;
    return this.reading.alone(() => this.byLog(projection, { ...options, ...found }));
  }

  /** The events of one correlation: see `trace`. @throws LogBusy */
  trace(options: TraceOptions): Promise<Trace> {
    return this.reading.alone(() => trace(this.log, options));
  }

  private stored(projection: Projection<Document>, id: string) {
    return withStored(this.stores, projection, async (stored) => {
      if (!stored) return { document: undefined, position: -1n, skips: Skips.none };
      const { target, session, reach, skips } = stored;
      const documents = this.stores.collection<Document>(projection.context, target);
      const document = ((await documents.findOne({ _id: id } as never, { session })) ?? undefined) as
        Document | undefined;
      return { document, position: reach.of(id), skips };
    });
  }

  private async byStreams(
    projection: Projection<Document>,
    question: Question,
    streams: readonly string[],
  ): Promise<Explanation | undefined> {
    const types = new Set(projection.events);
    const deadline = Date.now() + question.budget;
    const events: Recorded[] = [];
    for (const stream of new Set(streams)) {
      for await (const event of this.log.readSealed(stream, 0, MOST_IN_MEMORY - events.length))
        if (types.has(event.type) && event.position <= question.position) events.push(event);
      if (events.length >= MOST_IN_MEMORY || Date.now() > deadline) return undefined;
    }
    events.sort((a, b) => (a.position < b.position ? -1 : 1));
    const scratch = new Scratch();
    try {
      const history = new History(question, projection, scratch, true);
      for (const [index, event] of events.entries()) {
        if (index % AT_ONCE === 0) await nextTurn();
        history.see(event);
      }
      const found = history.explanation("streams", question.position);
      return found.reproduced ? found : undefined;
    } catch {
      return undefined; // events of other streams are missed: the whole log is to be read
    } finally {
      await scratch.remove();
    }
  }

  private async byLog(projection: Projection<Document>, question: Question): Promise<Explanation> {
    const deadline = Date.now() + question.budget;
    try {
      return await this.scan(projection, question, deadline, false);
    } catch (error) {
      if (!(error instanceof NeedsAll)) throw error;
      return this.scan(projection, question, deadline, true);
    }
  }

  private async scan(
    projection: Projection<Document>,
    question: Question,
    deadline: number,
    all: boolean,
  ): Promise<Explanation> {
    const types = new Set(projection.events);
    const { position: end, signal } = question;
    const scratch = new Scratch();
    try {
      const history = new History(question, projection, scratch, all);
      let reached = -1n;
      let seen = 0;
      for await (const page of logPages(this.log, signal ? { signal } : {})) {
        for (const { event, position } of page) {
          if (position > end) break;
          if (event && types.has(event.type)) {
            if (seen++ % AT_ONCE === 0) await nextTurn();
            history.see(event);
          }
          reached = position;
        }
        if ((page.at(-1)?.position ?? end) >= end) break;
        if (Date.now() > deadline) return history.explanation("log", reached);
      }
      return history.explanation("log", end);
    } finally {
      await scratch.remove();
    }
  }
}

interface Question extends ExplainOptions {
  readonly document: Document | undefined;
  readonly position: bigint;
  readonly skips: Skips;
}

/** Folds events and keeps those that touch the one document. */
class History {
  private readonly fold: ProjectionFold;
  private readonly events: Recorded[] = [];
  private document: Document | undefined;
  private total = 0;
  private more = false;

  constructor(
    private readonly question: Question,
    private readonly projection: Projection<Document>,
    scratch: Scratch,
    /** Whether every document is folded, as others have a say in this one; else only this one is. */
    private readonly all: boolean,
  ) {
    this.fold = new ProjectionFold(projection, scratch);
  }

  /** @throws NeedsAll when other documents turn out to have a say; what the projection throws */
  see(event: Recorded): void {
    const { id, after, limit, skips } = this.question;
    if (skips.event(event)) return;
    const isLeft = (document: string) => !skips.document(event, document);
    const touches = this.all ? this.fold.fold(event, isLeft).includes(id) : isLeft(id) && this.foldOne(event);
    if (!touches || !isLeft(id)) return;
    this.total++;
    if (event.position <= after) return;
    if (this.events.length < limit) this.events.push(event);
    else this.more = true;
  }

  explanation(method: Explanation["method"], readTo: bigint): Explanation {
    const { document, position, id } = this.question;
    const { events, total } = this;
    const folded = this.all ? this.fold.lookup(id) : this.document;
    const reproduced = readTo < position ? null : sameDocument(document, folded);
    const next = this.more ? (events.at(-1)?.position ?? null) : null;
    return { document, position, events, total, next, method, reproduced, readTo };
  }

  private foldOne(event: Recorded): boolean {
    const { id } = this.question;
    const lookup = (other: string) => {
      if (other !== id) throw new NeedsAll();
      return this.document;
    };
    if (!this.projection.ids(event, lookup).includes(id)) return false;
    this.document = this.projection.apply(this.document, event, id, lookup);
    return true;
  }
}
