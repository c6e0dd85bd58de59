import { LRUCache } from "lru-cache";
import { type DomainEvent } from "../../domains/kernel";

/** What a command did: where its events lie in the stream, and the fingerprint of its content. */
export interface CommandTrace {
  readonly first: number;
  readonly last: number;
  readonly hash: string | undefined;
}

/** An aggregate as of a revision. */
export interface LoadedAggregate<S = unknown> {
  readonly state: S;
  /** Revision of the newest event; −1 when the stream does not exist. */
  readonly revision: number;
  /** Log position of the newest event; −1 when there is none. */
  readonly position: bigint;
  readonly commands: ReadonlyMap<string, CommandTrace>;
  /** Whose personal data the stream holds. */
  readonly person?: string | undefined;
  /** What the newest command did here, so that its repeat is answered from memory. */
  readonly latest?: LatestCommand | undefined;
}

export interface LatestCommand {
  readonly id: string;
  readonly events: readonly DomainEvent[];
  readonly state: unknown;
}

/** Per stream this many of the latest commands are remembered and recognised when repeated. */
export const REMEMBERED_COMMANDS = 10_000;

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

/** Adds a command to those remembered; the oldest go first. Takes ownership of the map. */
export function remember(commands: Map<string, CommandTrace>, id: string, trace: CommandTrace): void {
  commands.set(id, trace);
  if (commands.size > REMEMBERED_COMMANDS) {
    const oldest = commands.keys().next();
    if (!oldest.done) commands.delete(oldest.value);
  }
}
