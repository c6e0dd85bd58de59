import { LRUCache } from "lru-cache";
import { type DomainEvent } from "../../domains/kernel";
import { type CommandMemory } from "./command-memory";

/** An aggregate as of a revision. */
export interface LoadedAggregate<S = unknown> {
  readonly state: S;
  /** Revision of the newest event; −1 when the stream does not exist. */
  readonly revision: number;
  /** Log position of the newest event; −1 when there is none. */
  readonly position: bigint;
  /** Id of the newest event: whether the stream is still the one that was read. */
  readonly eventId: string | undefined;
  readonly commands: CommandMemory;
  /** Whose personal data the stream holds. */
  readonly person?: string | undefined;
  /** What the newest command did here, so that its repeat is answered from memory. */
  readonly latest?: LatestCommand | undefined;
}

export interface LatestCommand {
  readonly id: string;
  readonly events: readonly DomainEvent[];
  readonly eventIds: readonly string[];
  readonly state: unknown;
}

/**
 * Keeps aggregates that were used lately, so that a command need not read its stream again. What is kept may be
 * behind the log: the expected revision of the append finds that out.
 */
export class AggregateCache {
  private readonly entries: LRUCache<string, LoadedAggregate>;

  /**
   * @param max aggregates kept at most
   * @param isForgotten whether a person is forgotten: what was read of them before must not be kept now
   */
  constructor(
    max: number,
    private readonly isForgotten: (person: string) => boolean = () => false,
  ) {
    this.entries = new LRUCache({ max });
  }

  get(stream: string): LoadedAggregate | undefined {
    return this.entries.get(stream);
  }

  set(stream: string, aggregate: LoadedAggregate): void {
    if (aggregate.person !== undefined && this.isForgotten(aggregate.person)) this.entries.delete(stream);
    else this.entries.set(stream, aggregate);
  }

  drop(stream: string): void {
    this.entries.delete(stream);
  }

  /** Drops what holds data of a person. */
  dropPerson(person: string): void {
    for (const [stream, loaded] of this.entries) if (loaded.person === person) this.entries.delete(stream);
  }
}
