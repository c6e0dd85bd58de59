import { type Aggregate, type DomainEvent } from "../../domains/kernel";
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
    const base = await snapshots?.read(this.stream, this.aggregate);
    const loaded = await this.refresh(base ?? this.empty());
    snapshots?.offer(this.stream, this.aggregate, loaded);
    return loaded;
  }

  /** Folds in what the stream has beyond what is known. */
  async refresh(known: LoadedAggregate): Promise<LoadedAggregate> {
    const grown = known.revision < 0 ? undefined : await this.grown(known);
    if (grown !== undefined) return grown;
    // Nothing is known, or of another stream: one that was deleted since, or is in another log.
    return (await this.grown(this.empty())) ?? this.empty();
  }

  /** `undefined` when the stream does not have the event that the known state ends with. */
  private async grown(known: LoadedAggregate): Promise<LoadedAggregate | undefined> {
    let { state, revision, position, eventId, person } = known;
    const { commands } = known;
    let isSame = known.revision < 0;
    let command: { readonly id: string; readonly first: number } | undefined;
    // Read to the end what is begun, whatever it is.
    for await (const event of this.services.log.readStream(this.stream, Math.max(known.revision, 0))) {
      if (event.revision === known.revision) isSame = event.id === known.eventId;
      if (!isSame || event.revision <= known.revision) continue;
      state = this.aggregate.evolve(state, event);
      ({ revision, position, id: eventId } = event);
      person ??= event.metadata.person;
      const { commandId, commandHash } = event.metadata;
      // The events of a command lie together: they were one append.
      if (command?.id !== commandId) command = { id: commandId, first: revision };
      commands.set(commandId, { first: command.first, last: revision, hash: commandHash });
    }
    return isSame ? { state, revision, position, eventId, commands, person } : undefined;
  }

  /** What a command did the first time, however much has been written since. */
  async recall(commandId: string, trace: CommandTrace, { latest, position }: LoadedAggregate): Promise<Accepted> {
    const answer = { accepted: true, repeated: true, revision: trace.last, position } as const;
    if (latest?.id === commandId) return { ...answer, events: latest.events, state: latest.state };
    const base = await this.services.snapshots?.read(this.stream, this.aggregate);
    const known = base !== undefined && base.revision < trace.first ? base : undefined;
    const replayed = known && (await this.replayed(known, trace));
    return {
      ...answer,
      ...(replayed ?? (await this.replayed(this.empty(), trace)) ?? { state: undefined, events: [] }),
    };
  }

  /** State and events right after a command, gone on from what is known; `undefined` as in `grown`. */
  private async replayed(known: LoadedAggregate, { first, last }: CommandTrace) {
    let { state } = known;
    const from = Math.max(known.revision, 0);
    const events: DomainEvent[] = [];
    let isSame = known.revision < 0;
    for await (const event of this.services.log.readStream(this.stream, from, last + 1 - from)) {
      if (event.revision > last) continue; // a stream cut off at its beginning holds fewer than were asked for
      if (event.revision === known.revision) isSame = event.id === known.eventId;
      if (!isSame || event.revision <= known.revision) continue;
      state = this.aggregate.evolve(state, event);
      if (event.revision >= first) events.push({ type: event.type, data: event.data });
    }
    return isSame ? { state, events } : undefined;
  }
}
