import { type Aggregate, type DomainEvent, type Recorded } from "../../domains/kernel";
import { type EventLog } from "../eventstore";
import { type LoadedAggregate } from "./aggregate-cache";
import { type Accepted, type CommandFigures } from "./command";
import { CommandMemory, type CommandTrace } from "./command-memory";
import { type Snapshots } from "./snapshots";

export interface HistoryServices {
  readonly log: EventLog;
  readonly figures: CommandFigures;
  /** Without them every stream is read from its beginning. */
  readonly snapshots: Snapshots | undefined;
}

/** Events read at once while it is not known what a snapshot has of them. */
const AT_ONCE = 200;

/**
 * Reads a stream into its aggregate. What is known of it already, from memory or from a snapshot, is gone on from where
 * the stream still has the event that it ended with; else it is read from its beginning.
 */
export class StreamHistory {
  constructor(
    private readonly stream: string,
    private readonly aggregate: Aggregate<unknown, DomainEvent, unknown>,
    private readonly services: HistoryServices,
  ) {}

  /** The aggregate of a stream without events. */
  empty(): LoadedAggregate {
    const { initialState: state } = this.aggregate;
    return { state, revision: -1, position: -1n, eventId: undefined, commands: new CommandMemory() };
  }

  /** The aggregate with everything the log has of it. */
  async load(): Promise<LoadedAggregate> {
    const { figures, snapshots } = this.services;
    figures.reloads++;
    const loaded =
      snapshots?.isKept(this.aggregate) === true
        ? await this.fromSnapshot(snapshots)
        : await this.refresh(this.empty());
    snapshots?.offer(this.stream, this.aggregate, loaded);
    return loaded;
  }

  /**
   * What a snapshot can be followed by is asked for together with it: it saves a round trip, and a short stream is known
   * without the database.
   */
  private async fromSnapshot(snapshots: Snapshots): Promise<LoadedAggregate> {
    const asked = snapshots.read(this.stream, this.aggregate);
    const newest = await this.services.log.newest(this.stream, Math.min(snapshots.every, AT_ONCE) + 1);
    if (newest.length === 0 || newest[0]?.revision === 0) return this.folded(newest, this.empty()) ?? this.empty();
    const base = (await asked) ?? this.empty();
    return (base.revision >= 0 && this.folded(newest, base)) || this.refresh(base);
  }

  /** Folds in what the stream has beyond what is known. */
  async refresh(known: LoadedAggregate): Promise<LoadedAggregate> {
    const grown = known.revision < 0 ? undefined : await this.grown(known);
    if (grown !== undefined) return grown;
    // Nothing is known, or of another stream: one that was deleted since, or is in another log.
    return (await this.grown(this.empty())) ?? this.empty();
  }

  private async grown(known: LoadedAggregate): Promise<LoadedAggregate | undefined> {
    const fold = new Fold(this.aggregate, known);
    // Read to the end what is begun, whatever it is.
    for await (const event of this.services.log.readStream(this.stream, Math.max(known.revision, 0))) fold.add(event);
    return fold.result;
  }

  private folded(events: readonly Recorded[], known: LoadedAggregate): LoadedAggregate | undefined {
    const fold = new Fold(this.aggregate, known);
    for (const event of events) fold.add(event);
    return fold.result;
  }

  /** What a command did the first time, however much has been written since. */
  async recall(commandId: string, trace: CommandTrace, { latest, position }: LoadedAggregate): Promise<Accepted> {
    const answer = { accepted: true, repeated: true, revision: trace.last, position } as const;
    if (latest?.id === commandId) {
      const { events, eventIds, state } = latest;
      return { ...answer, events, eventIds, state };
    }
    const base = await this.services.snapshots?.read(this.stream, this.aggregate);
    const known = base !== undefined && base.revision < trace.first ? base : undefined;
    const replayed = known && (await this.replayed(known, trace));
    return {
      ...answer,
      ...(replayed ?? (await this.replayed(this.empty(), trace)) ?? { state: undefined, events: [], eventIds: [] }),
    };
  }

  /** State and events right after a command, gone on from what is known; `undefined` as in `grown`. */
  private async replayed(known: LoadedAggregate, { first, last }: CommandTrace) {
    let { state } = known;
    const from = Math.max(known.revision, 0);
    const events: DomainEvent[] = [];
    const eventIds: string[] = [];
    let isSame = known.revision < 0;
    for await (const event of this.services.log.readStream(this.stream, from, last + 1 - from)) {
      if (event.revision > last) continue; // a stream cut off at its beginning holds fewer than were asked for
      if (event.revision === known.revision) isSame = event.id === known.eventId;
      if (!isSame || event.revision <= known.revision) continue;
      state = this.aggregate.evolve(state, event);
      if (event.revision < first) continue;
      events.push({ type: event.type, data: event.data });
      eventIds.push(event.id);
    }
    return isSame ? { state, events, eventIds } : undefined;
  }
}

/** Goes on from what is known with a stream's events, the one that it ends with among them. */
class Fold {
  private loaded: LoadedAggregate;
  private isSame: boolean;
  private command: { readonly id: string; readonly first: number } | undefined;

  constructor(
    private readonly aggregate: Aggregate<unknown, DomainEvent, unknown>,
    private readonly known: LoadedAggregate,
  ) {
    const { state, revision, position, eventId, commands, person } = known;
    this.loaded = { state, revision, position, eventId, commands, person };
    this.isSame = known.revision < 0;
  }

  add(event: Recorded): void {
    const { known, loaded } = this;
    const { id: eventId, revision, position, metadata } = event;
    if (revision === known.revision) this.isSame = eventId === known.eventId;
    if (!this.isSame || revision <= known.revision) return;
    const { commandId, commandHash: hash } = metadata;
    // The events of a command lie together: they were one append.
    if (this.command?.id !== commandId) this.command = { id: commandId, first: revision };
    loaded.commands.set(commandId, { first: this.command.first, last: revision, hash });
    const state = this.aggregate.evolve(loaded.state, event);
    const person = loaded.person ?? metadata.person;
    this.loaded = { state, revision, position, eventId, commands: loaded.commands, person };
  }

  /** `undefined` when the stream does not have the event that the known state ends with. */
  get result(): LoadedAggregate | undefined {
    return this.isSame ? this.loaded : undefined;
  }
}
