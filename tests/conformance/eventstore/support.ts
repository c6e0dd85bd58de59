import { randomUUID } from "node:crypto";
import {
  EventStoreDBClient,
  jsonEvent,
  type AllStreamSubscription,
  type JSONEventData,
  type ResolvedEvent,
  type StreamSubscription,
} from "@eventstore/db-client";
import { startStores, type TestStores } from "../../support/stores";

/** The server of a suite and a client of it, as `MILLRACE_TEST_STORES` says. */
export interface Subject {
  readonly url: string;
  readonly client: EventStoreDBClient;
}

/** Brings the server up for the suite that calls this; the answer may be used inside tests only. */
export function subject(): Subject {
  let stores: TestStores;
  let client: EventStoreDBClient;
  beforeAll(async () => {
    stores = await startStores({ need: { eventstore: true } });
    client = EventStoreDBClient.connectionString(stores.eventstoreUrl);
  });
  afterAll(async () => {
    await client.dispose();
    await stores.stop();
  });
  return {
    get url() {
      return stores.eventstoreUrl;
    },
    get client() {
      return client;
    },
  };
}

/** A name that no other test uses. */
export const fresh = (category = "conf"): string => `${category}-${randomUUID()}`;

export const event = (n: number, type = "happened", more: { id?: string; metadata?: unknown } = {}): JSONEventData =>
  jsonEvent({ type, data: { n }, ...more }) as JSONEventData;

export const events = (count: number, type?: string): JSONEventData[] =>
  Array.from({ length: count }, (_, n) => event(n, type));

/** The `n` of events made by `event`, which is what the tests compare. */
export const numbers = (resolved: readonly ResolvedEvent[]): number[] =>
  resolved.map(({ event: found }) => (found?.data as { n: number }).n);

export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}

export async function revisions(source: AsyncIterable<ResolvedEvent>): Promise<number[]> {
  return (await all(source)).map((resolved) => Number((resolved.link ?? resolved.event)?.revision));
}

/** The `type` of the client's error; fails where there is none. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { type?: string }).type ?? String(error);
  }
  throw new Error("It was expected to be refused.");
}

/** Waits for `count` events of a subscription, then ends it. */
export function collect(
  subscription: StreamSubscription | AllStreamSubscription,
  count: number,
  meanwhile?: () => Promise<unknown>,
): Promise<ResolvedEvent[]> {
  return new Promise((resolve, reject) => {
    const found: ResolvedEvent[] = [];
    subscription.on("error", reject);
    subscription.on("confirmation", () => {
      meanwhile?.().catch(reject);
    });
    subscription.on("data", (resolved: ResolvedEvent) => {
      // Some more may be on the way when it is ended.
      if (found.length === count) return;
      found.push(resolved);
      if (found.length === count)
        subscription.unsubscribe().then(
          () => resolve(found),
          () => resolve(found),
        );
    });
  });
}
