import { type Recorded } from "../../domains/kernel";
import { type EventLog } from "../eventstore";
import { Checkpoint, Fenced, type MongoStores } from "../mongo";
import { beginSpan, isTracing, within } from "../observability/tracing";
import { DeferredWrite } from "./deferred-write";
import { type Handler } from "./handler";
import { Outdated } from "./outdated";
import { type ParkedProcess, ParkedProcesses } from "./parked-processes";
import { PoisonEvent } from "./poison-event";
import { causeOf, isPassing } from "./process-step";
import { type Reaction } from "./reaction";
import { Skips } from "./skips";
import { Tenure } from "./tenure";

/** Time between two writes of the place, in ms. */
const PERSIST_GAP = 100;
/** How often streams that are set aside are looked at, in ms. */
const POLL = 250;
/** How often an event is tried whose failure may pass, with all others behind it, before its stream is set aside. */
const TRIES = 3;
/** Then it is tried again by itself after so many ms at most, which are doubled each time, up to the last. */
const TRIED_AGAIN = { first: 1_000, last: 30_000 };

export interface ReactionServices {
  readonly stores: MongoStores;
  readonly log: EventLog;
  /** Whether what failed outside the shop may succeed the next time. */
  isTransient(error: unknown): boolean;
  /** Whether the worker's lease can still be its own. */
  holds(): boolean;
  report(message: string, details: object): void;
}

/** An event that could not be reacted to, and those of its stream that wait behind it. */
interface Held {
  readonly stream: string;
  readonly events: readonly Recorded[];
  readonly error: unknown;
}

/**
 * Feeds a reaction from the log and keeps its place. A stream that fails is set aside with the events that wait for it, as
 * a process is, and the others go on. Where the cause may pass (a provider that does not answer) it is tried again by
 * itself, else when an operator says so; who can also give it up. While a store is away all is repeated.
 */
export class ReactionWorker implements Handler {
  readonly types: readonly string[];
  private readonly place: Checkpoint;
  private readonly parked: ParkedProcesses;
  private readonly persisting = new DeferredWrite(() => this.persist(), PERSIST_GAP);
  /** Handled up to here. */
  private position = -1n;
  private skips = Skips.none;
  private readonly tenure = new Tenure(() => this.tick(), POLL);
  /** Streams set aside that are just being tried again. */
  private readonly retrying = new Set<string>();
  /** How often the first event of a stream has been tried, of those that may pass. */
  private tries = new Map<string, number>();

  constructor(
    private readonly reaction: Reaction,
    private readonly services: ReactionServices,
  ) {
    const { context, name, events } = reaction;
    this.types = events;
    this.place = new Checkpoint(services.stores, context, name);
    this.parked = new ParkedProcesses(services.stores, context, name);
  }

  async claim(token: number, interrupt: (error: unknown) => void): Promise<bigint> {
    const { context, name } = this.reaction;
    this.tenure.turn();
    this.persisting.drop();
    this.position = await this.place.claim(token);
    await this.parked.load();
    this.skips = await Skips.load(this.services.stores, context, name);
    this.tenure.start(interrupt);
    return this.position;
  }

  async release(): Promise<void> {
    await this.tenure.stop();
    await this.persisting.flush().catch(() => undefined); // what is not written is handled again
    this.tenure.turn();
    await this.place.release();
  }

  /** @throws what passes by itself: all of it is repeated then, but for what was set aside */
  async handle(sealed: readonly Recorded[], upTo: bigint): Promise<void> {
    const events = await this.services.log.codec.openAll(sealed);
    const streams = new Map<string, Recorded[]>();
    for (const event of events) {
      if (this.skips.event(event)) continue;
      const waiting = streams.get(event.stream);
      if (this.parked.has(event.stream)) this.parked.add(event.stream, [event]);
      else if (waiting) waiting.push(event);
      else streams.set(event.stream, [event]);
    }
    const outcomes = await Promise.all([...streams].map(([stream, waiting]) => this.inOrder(stream, waiting)));
    const held = outcomes.flatMap((outcome) => outcome ?? []);
    const repeated = held.filter((each) => !this.isSetAside(each));
    const [first] = repeated;
    if (!first) {
      this.position = upTo;
      this.tries = new Map();
      return this.persisting.request();
    }
    if (repeated.length < held.length) {
      await this.persisting.request();
      await this.persisting.flush();
    }
    throw first.error;
  }

  async checkpoint(position: bigint): Promise<void> {
    await this.persisting.flush();
    await this.place.advance(position);
  }

  /** Reacts to a stream's events one after another, up to the first that fails. */
  private async inOrder(stream: string, events: readonly Recorded[]): Promise<Held | undefined> {
    for (const [index, event] of events.entries()) {
      try {
        await this.react(event);
      } catch (error) {
        return { stream, events: events.slice(index), error };
      }
    }
    return undefined;
  }

  /** Sets the stream aside, unless it can be hoped that the failure is over in a moment. */
  private isSetAside(held: Held): boolean {
    const { stream, events, error } = held;
    if (isPassing(error)) return false;
    if (this.services.isTransient(error)) {
      const id = events[0]?.id ?? stream;
      const tries = (this.tries.get(id) ?? 0) + 1;
      this.tries.set(id, tries);
      if (tries < TRIES) return false;
    }
    this.setAside(held, 0);
    return true;
  }

  private setAside({ stream, events, error }: Held, failures: number): void {
    const [first] = events;
    if (!first) return;
    const cause = causeOf(new PoisonEvent(first, error));
    // Not all at once: who has just come back is not to be overrun.
    const wait = (Math.min(TRIED_AGAIN.first * 2 ** failures, TRIED_AGAIN.last) * (1 + Math.random())) / 2;
    const triedAgainAt = this.services.isTransient(error) ? new Date(Date.now() + wait) : null;
    this.parked.failed(stream, first.metadata.correlationId, events, cause, triedAgainAt);
    const message = `${this.reaction.name} cannot go on with ${stream}, which is set aside: ${cause.message}`;
    this.services.report(message, { reaction: this.reaction.name, error });
  }

  private async react(event: Recorded): Promise<void> {
    if (!isTracing()) return this.reaction.react(event);
    const { traceparent } = event.metadata;
    const attributes = { "millrace.event": event.type };
    const span = beginSpan(`react ${this.reaction.name}`, "consumer", traceparent, attributes);
    const told = span ? { ...event, metadata: { ...event.metadata, traceparent: span.traceparent } } : event;
    return within(span, () => this.reaction.react(told));
  }

  private async persist(): Promise<void> {
    const changes = this.parked.changes;
    if (changes.length === 0) await this.place.advance(this.position);
    else await this.place.commit(this.position, (session) => this.parked.write(changes, session));
    // Forgotten only now, so that a write that failed is made good by the next.
    this.parked.written(changes);
  }

  /** Does what operators have asked for, and tries again what may have passed. */
  private async tick(): Promise<void> {
    // Where nothing more comes, nobody else would hear that the last write failed.
    this.persisting.raise();
    if (this.parked.size === 0) return;
    if (!this.services.holds()) throw new Fenced(this.reaction.name);
    const asked = await this.parked.asked().catch(() => undefined); // asked again the next time
    await Promise.all((asked?.retry ?? []).map((parked) => this.retry(parked)));
  }

  /** Brings the events that wait; those that come meanwhile are waited for as well. @throws when newer code is needed */
  private async retry({ processId: stream, failures }: ParkedProcess): Promise<void> {
    if (this.retrying.has(stream)) return;
    const { current } = this.tenure;
    this.retrying.add(stream);
    try {
      for (let done = 0; current === this.tenure.current; done++) {
        const next = this.parked.waiting(stream)[done];
        if (!next) {
          this.parked.release(stream);
          break;
        }
        const events: Recorded[] = [];
        for await (const event of this.services.log.readStream(stream, next.revision, 1)) events.push(event);
        const held = await this.inOrder(stream, events);
        if (!held) continue;
        // What passes is tried again the next time; who took over finds out by itself.
        if (!isPassing(held.error) && current === this.tenure.current) this.setAside(held, failures);
        break;
      }
    } catch (error) {
      Outdated.rethrow(error);
      this.services.report(`${stream} could not be tried again yet`, { reaction: this.reaction.name, error });
    } finally {
      this.retrying.delete(stream);
    }
    await this.persisting.request();
  }
}
