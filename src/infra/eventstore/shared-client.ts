import { type EventStoreDBClient } from "@eventstore/db-client";
import { Connection } from "./connection";

/*
 * The official client keeps the appends that are under way of all its instances in one place. When the connection of one
 * instance ends, those of all others are taken to have failed, and the answer that the server then gives to one of them
 * is an error which nobody can catch. So all that append to one address in a process do it through one instance, and one
 * is disposed of only while no other has anything under way.
 */

interface Shared {
  connection: Connection;
  users: number;
  appends: number;
}

const byUrl = new Map<string, Shared>();
/** Instances that wait for the appends of others, or are being disposed of. */
let closing = Promise.resolve();
let quiet: (() => void) | undefined;

/** A user's share of the client of an address. */
export class SharedClient {
  private readonly shared: Shared;
  private closed: Promise<void> | undefined;

  constructor(private readonly url: string) {
    const shared = byUrl.get(url) ?? { connection: new Connection(url), users: 0, appends: 0 };
    byUrl.set(url, shared);
    shared.users++;
    this.shared = shared;
  }

  /** Everything that appends goes through here. @throws NoAnswer */
  async append<T>(work: (client: EventStoreDBClient) => Promise<T>): Promise<T> {
    const { shared } = this;
    for (let seen; seen !== closing;) {
      seen = closing;
      await seen;
    }
    shared.appends++;
    const { connection } = shared;
    try {
      return await connection.answer(work(connection.client));
    } finally {
      shared.appends--;
      this.renewIfSilent(connection);
      quiet?.();
    }
  }

  /** @throws NoAnswer */
  async *read<T>(work: (client: EventStoreDBClient) => AsyncIterable<T>): AsyncGenerator<T> {
    const { connection } = this.shared;
    try {
      yield* connection.answers(work(connection.client));
    } finally {
      this.renewIfSilent(connection);
    }
  }

  /** The last user's ends the client. */
  async close(): Promise<void> {
    return (this.closed ??= this.release());
  }

  private async release(): Promise<void> {
    const { shared, url } = this;
    if (--shared.users > 0) return;
    byUrl.delete(url);
    await dispose(shared.connection);
  }

  /** Another takes the place of one that is given up, whose calls all fail then. */
  private renewIfSilent(connection: Connection): void {
    const { shared, url } = this;
    if (!connection.isGivenUp || shared.connection !== connection) return;
    shared.connection = new Connection(url);
    dispose(connection, shared).catch(() => undefined);
  }
}

/** @param own those whose appends need not be waited for */
async function dispose(connection: Connection, own?: Shared): Promise<void> {
  const disposed = closing.then(async () => {
    await othersAreQuiet(own);
    await connection.dispose();
  });
  closing = disposed.catch(() => undefined);
  await disposed;
}

async function othersAreQuiet(own: Shared | undefined): Promise<void> {
  const areQuiet = () => [...byUrl.values()].every((each) => each === own || each.appends === 0);
  if (areQuiet()) return;
  await new Promise<void>((resolve) => {
    quiet = () => {
      if (areQuiet()) resolve();
    };
  });
  quiet = undefined;
}
