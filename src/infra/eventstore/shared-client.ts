import { EventStoreDBClient } from "@eventstore/db-client";

/*
 * The official client keeps the appends that are under way of all its instances in one place. When the connection of one
 * instance ends, those of all others are taken to have failed, and the answer that the server then gives to one of them
 * is an error which nobody can catch. So all that append to one address in a process do it through one instance, and one
 * is disposed of only while no other has anything under way.
 */

interface Shared {
  readonly client: EventStoreDBClient;
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
    const shared = byUrl.get(url) ?? { client: EventStoreDBClient.connectionString(url), users: 0, appends: 0 };
    byUrl.set(url, shared);
    shared.users++;
    this.shared = shared;
  }

  get client(): EventStoreDBClient {
    return this.shared.client;
  }

  /** Everything that appends goes through here. */
  async append<T>(work: (client: EventStoreDBClient) => Promise<T>): Promise<T> {
    const { shared } = this;
    for (let seen; seen !== closing;) {
      seen = closing;
      await seen;
    }
    shared.appends++;
    try {
      return await work(shared.client);
    } finally {
      shared.appends--;
      quiet?.();
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
    const dispose = async () => {
      await othersAreQuiet();
      await shared.client.dispose();
    };
    const disposed = closing.then(dispose);
    closing = disposed.catch(() => undefined);
    await disposed;
  }
}

async function othersAreQuiet(): Promise<void> {
  const areQuiet = () => [...byUrl.values()].every(({ appends }) => appends === 0);
  if (areQuiet()) return;
  await new Promise<void>((resolve) => {
    quiet = () => {
      if (areQuiet()) resolve();
    };
  });
  quiet = undefined;
}
