import { MongoClient } from "mongodb";
import type { Store, StoreProvider } from "../stores";

/** A running MongoDB; the databases that the suite made in it are dropped at the end. */
async function givenMongo(prefixes: readonly string[]): Promise<Store> {
  const url = given("MONGODB_URL");
  return { url, stop: () => dropDatabases(url, prefixes) };
}

/** A running EventStoreDB; its streams stay, since a log is never cleared, and their names are unique. */
async function givenEventStore(): Promise<Store> {
  return { url: given("EVENTSTORE_URL"), stop: async () => undefined };
}

function given(name: "MONGODB_URL" | "EVENTSTORE_URL"): string {
  const url = process.env[name];
  if (!url) throw new Error(`MILLRACE_TEST_STORES=env needs ${name}.`);
  return url;
}

async function dropDatabases(url: string, prefixes: readonly string[]): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000 });
  try {
    const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
    const ours = databases.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
    for (const { name } of ours) await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}

export const givenStores: StoreProvider = { mongo: givenMongo, eventstore: givenEventStore };
