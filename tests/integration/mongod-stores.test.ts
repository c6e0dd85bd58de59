import { MongoClient } from "mongodb";
import { getContainerRuntimeClient } from "testcontainers";
import { startStores, storesKind, uniquePrefix } from "../support/stores";

const before = process.env["MILLRACE_TEST_STORES"];
const setKind = (kind: string | undefined) => {
  if (kind === undefined) delete process.env["MILLRACE_TEST_STORES"];
  else process.env["MILLRACE_TEST_STORES"] = kind;
};
afterEach(() => setKind(before));

/** Transactions are what a lone server, other than a replica set, refuses. */
async function takesTransactions(url: string): Promise<boolean> {
  const client = await MongoClient.connect(url);
  try {
    const docs = client.db(uniquePrefix()).collection<{ _id: number }>("docs");
    await client.withSession((session) => session.withTransaction(() => docs.insertOne({ _id: 1 }, { session })));
    return (await docs.countDocuments()) === 1;
  } finally {
    await client.close();
  }
}

describe("mongod and event store for tests", () => {
  it("are chosen by one switch", () => {
    expect(storesKind({})).toBe("bundled");
    expect(storesKind({ MILLRACE_TEST_STORES: "env" })).toBe("env");
    expect(() => storesKind({ MILLRACE_TEST_STORES: "podman" })).toThrow("one of bundled, testcontainers, env");
  });

  it("bundled: one mongod for all suites, and only what was asked for", async () => {
    setKind("bundled");
    const one = await startStores({ need: { mongo: true } });
    const two = await startStores({ need: { mongo: true } });
    expect(two.mongoUrl).toBe(one.mongoUrl);
    expect(() => one.eventstoreUrl).toThrow("did not ask for it");
    await one.stop();
    expect(await takesTransactions(two.mongoUrl)).toBe(true);
    await two.stop();
  });

  it("env: the URLs must be given", async () => {
    setKind("env");
    const given = process.env["MONGODB_URL"];
    delete process.env["MONGODB_URL"];
    await expect(startStores({ need: { mongo: true } })).rejects.toThrow("needs MONGODB_URL");
    if (given !== undefined) process.env["MONGODB_URL"] = given;
  });

  it("testcontainers: a replica set where a Docker engine answers, else it says what is missing", async () => {
    setKind("testcontainers");
    const docker = await getContainerRuntimeClient().catch(() => undefined);
    if (!docker) {
      await expect(startStores({ need: { mongo: true } })).rejects.toThrow(/needs a Docker engine, and none answers/);
      return;
    }
    const stores = await startStores({ need: { mongo: true } });
    expect(await takesTransactions(stores.mongoUrl)).toBe(true);
    await stores.stop();
  }, 300_000);
});
