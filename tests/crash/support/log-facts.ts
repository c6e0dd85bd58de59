import { EventStoreDBClient, START } from "@eventstore/db-client";

/** An event as the log has it. */
export interface Fact {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly type: string;
  // Read with the eyes of a stranger: the events' own types are part of what is under test.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
  readonly commandId: string;
}

/** The whole log of the shop, read from outside by its streams. */
export class LogFacts {
  private constructor(
    readonly streams: ReadonlyMap<string, readonly Fact[]>,
    /** Position of the newest event of the shop. */
    readonly end: bigint,
  ) {}

  static async read(url: string): Promise<LogFacts> {
    const client = EventStoreDBClient.connectionString(url);
    try {
      const streams = new Map<string, Fact[]>();
      let end = -1n;
      for await (const { event } of client.readAll({ fromPosition: START })) {
        if (!event || event.streamId.startsWith("$")) continue;
        end = event.position?.commit ?? end;
        const facts = streams.get(event.streamId) ?? [];
        streams.set(event.streamId, facts);
        const { commandId = "" } = (event.metadata ?? {}) as { commandId?: string };
        const { id, streamId: stream, revision, type, data } = event;
        facts.push({ id, stream, revision, type, data, commandId });
      }
      return new LogFacts(streams, end);
    } finally {
      await client.dispose();
    }
  }

  of(stream: string): readonly Fact[] {
    return this.streams.get(stream) ?? [];
  }

  /** Ids of the streams of a category. */
  ids(category: string): readonly string[] {
    const prefix = `${category}-`;
    return [...this.streams.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  count(stream: string, type: string): number {
    return this.of(stream).filter((fact) => fact.type === type).length;
  }

  get events(): number {
    return [...this.streams.values()].reduce((sum, facts) => sum + facts.length, 0);
  }
}

/** Nothing is in the log twice, and the events of one command lie together: each was executed once. */
export function faultsOfStreams({ streams }: LogFacts): string[] {
  const faults: string[] = [];
  for (const [stream, facts] of streams) {
    const ids = new Set<string>();
    const commands = new Set<string>();
    let before = "";
    for (const [index, { id, revision, commandId, type }] of facts.entries()) {
      if (revision !== BigInt(index)) faults.push(`${stream} has revision ${revision} in place ${index}`);
      if (ids.has(id)) faults.push(`${stream}@${revision} has the event ${id} (${type}) again`);
      if (commandId !== before && commands.has(commandId))
        faults.push(`${stream}@${revision} has a command's ${type} that was executed before`);
      ids.add(id);
      commands.add(commandId);
      before = commandId;
    }
  }
  return faults;
}
