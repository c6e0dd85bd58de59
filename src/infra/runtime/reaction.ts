import { type Recorded } from "../../domains/kernel";
import { Checkpoint, type MongoStores } from "../mongo";
import { type EventLog } from "../eventstore";
import { beginSpan, isTracing, within } from "../observability/tracing";
import { DeferredWrite } from "./deferred-write";
import { type Handler } from "./handler";
import { PoisonEvent } from "./poison-event";
import { Skips } from "./skips";

/** Why a command is sent, and under which key. */
export interface CommandCause {
  readonly key: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor: string;
  readonly traceparent?: string | undefined;
}

/**
 * Does something outside the shop when an event happens (asks a payment provider, tells another system). Events of
 * one stream are handled in order; after a crash some are handled again, so `react` must be repeatable.
 */
export interface Reaction {
  readonly name: string;
  readonly context: string;
  readonly events: readonly string[];
  react(event: Recorded): Promise<void>;
}

/** Time between two writes of the place, in ms. */
const PERSIST_GAP = 100;

/** Feeds a reaction from the log and keeps its place. */
export class ReactionWorker implements Handler {
  readonly types: readonly string[];
  private readonly place: Checkpoint;
  /** Handled up to here. */
  private position = -1n;
  private readonly persisting = new DeferredWrite(() => this.place.advance(this.position), PERSIST_GAP);

  private skips = Skips.none;

  constructor(
    private readonly reaction: Reaction,
    private readonly stores: MongoStores,
    private readonly log: EventLog,
    private readonly isTransient: (error: unknown) => boolean,
  ) {
    this.types = reaction.events;
    this.place = new Checkpoint(stores, reaction.context, reaction.name);
  }

  async claim(token: number): Promise<bigint> {
    this.persisting.drop();
    const position = await this.place.claim(token);
    this.skips = await Skips.load(this.stores, this.reaction.context, this.reaction.name);
    return position;
  }

  async handle(sealed: readonly Recorded[], upTo: bigint): Promise<void> {
    const events = await this.log.codec.openAll(sealed);
    const streams = new Map<string, Promise<void>>();
    for (const event of events) {
      if (this.skips.event(event)) continue;
      const before = streams.get(event.stream) ?? Promise.resolve();
      streams.set(
        event.stream,
        before.then(() => this.react(event)),
      );
    }
    await Promise.all(streams.values());
    this.position = upTo;
    await this.persisting.request();
  }

  async checkpoint(position: bigint): Promise<void> {
    await this.persisting.flush();
    await this.place.advance(position);
  }

  async release(): Promise<void> {
    await this.persisting.flush().catch(() => undefined); // what is not written is handled again
    await this.place.release();
  }

  private async react(event: Recorded): Promise<void> {
    try {
      if (!isTracing()) return await this.reaction.react(event);
      const { traceparent } = event.metadata;
      const span = beginSpan(`react ${this.reaction.name}`, "consumer", traceparent, { "millrace.event": event.type });
      const told = span ? { ...event, metadata: { ...event.metadata, traceparent: span.traceparent } } : event;
      await within(span, () => this.reaction.react(told));
    } catch (cause) {
      throw this.isTransient(cause) ? cause : new PoisonEvent(event, cause);
    }
  }
}
