import { MongoClient } from "mongodb";
import type { StartedTestContainer } from "testcontainers";
import { eventually } from "../eventually";
import type { Store, StoreProvider } from "../stores";

const EVENTSTORE_IMAGE = "eventstore/eventstore:23.10.0-jammy";
const MONGO_IMAGE = "mongo:7";

/** Images are fetched on the first run. */
const STARTS_WITHIN = 5 * 60_000;

/** A one-node replica set. It knows itself by its address inside the container, so clients connect to it directly. */
async function containerMongo(): Promise<Store> {
  const { GenericContainer, Wait } = await containers();
  const container = await new GenericContainer(MONGO_IMAGE)
    .withCommand(["mongod", "--replSet", "rs0", "--bind_ip_all", "--wiredTigerCacheSizeGB", "0.5"])
    .withExposedPorts(27017)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(STARTS_WITHIN)
    .start();
  const url = `mongodb://${container.getHost()}:${container.getMappedPort(27017)}/?directConnection=true`;
  return ready(container, url, initiate);
}

/** A single node without TLS, in memory like the bundled one of the tests. */
async function containerEventStore(): Promise<Store> {
  const { GenericContainer, Wait } = await containers();
  const container = await new GenericContainer(EVENTSTORE_IMAGE)
    .withEnvironment({
      EVENTSTORE_CLUSTER_SIZE: "1",
      EVENTSTORE_INSECURE: "true",
      EVENTSTORE_MEM_DB: "true",
      EVENTSTORE_RUN_PROJECTIONS: "All",
      EVENTSTORE_START_STANDARD_PROJECTIONS: "true",
    })
    .withExposedPorts(2113)
    .withWaitStrategy(Wait.forHttp("/health/live", 2113).forStatusCode(204))
    .withStartupTimeout(STARTS_WITHIN)
    .start();
  const url = `esdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`;
  return ready(container, url, async () => undefined);
}

/**
 * The library, loaded by the suites that use it only: that takes its time.
 * @throws saying what was asked for and what is missing, before any image is looked for
 */
async function containers() {
  const library = await import("testcontainers");
  await library.getContainerRuntimeClient().catch((cause: unknown) => {
    throw new Error(
      "MILLRACE_TEST_STORES=testcontainers needs a Docker engine, and none answers here: " +
        "start one, or leave the setting out to test with the bundled stores.",
      { cause },
    );
  });
  return library;
}

async function ready(
  container: StartedTestContainer,
  url: string,
  prepare: (url: string) => Promise<void>,
): Promise<Store> {
  const stop = async () => {
    await container.stop();
  };
  try {
    await prepare(url);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function initiate(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 30_000 });
  const admin = client.db("admin");
  try {
    await admin.command({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: "localhost:27017" }] } });
    await eventually(async () => (await admin.command({ hello: 1 }))["isWritablePrimary"], 30_000);
  } finally {
    await client.close();
  }
}

export const containerStores: StoreProvider = { mongo: containerMongo, eventstore: containerEventStore };
