import { Discovery } from "../../../src/api/gateway/discovery/discovery";
import { type Names, systemNames } from "../../../src/api/gateway/discovery/dns";
import { parseSources, type Target } from "../../../src/api/gateway/discovery/source";
import { MongoStores, registeredInstances, Registration } from "../../../src/infra/mongo";
import { eventually } from "../../support/eventually";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";
import { startTestGateway } from "./gateway";
import { startNameServer } from "./name-server";
import { Upstream } from "./upstream";

/* Where instances are learnt: names, and their own word in MongoDB. */

const QUICK = { dns: 30, registered: 30 };
const nothing: Names = { addresses: async () => [], services: async () => [] };

function discover(sources: string, over: Partial<ConstructorParameters<typeof Discovery>[0]> = {}) {
  const known = new Map<string, readonly Target[]>();
  const reported: string[] = [];
  const discovery = new Discovery({
    services: ["storefront", "ordering"],
    sources: parseSources(sources),
    names: nothing,
    changed: (service, targets) => known.set(service, targets),
    report: (message) => reported.push(message),
    every: QUICK,
    ...over,
  });
  return { discovery, reported, of: (service: string) => (known.get(service) ?? []).map(({ url }) => url), known };
}

test("addresses of a name are looked up again and again; what cannot be looked up stays as it was", async () => {
  const server = await startNameServer();
  server.addresses.set("store.internal", ["10.0.0.1", "10.0.0.2"]);
  const names = systemNames([server.address]);
  const { discovery, of, reported } = discover("storefront=dns://store.internal:8080", { names });
  await discovery.start();
  expect([...of("storefront")].toSorted()).toEqual(["http://10.0.0.1:8080", "http://10.0.0.2:8080"]);
  expect(of("ordering")).toEqual([]);
  server.addresses.set("store.internal", ["10.0.0.2", "10.0.0.3"]);
  await eventually(() => [...of("storefront")].toSorted().join() === "http://10.0.0.2:8080,http://10.0.0.3:8080");
  server.addresses.delete("store.internal");
  await eventually(() => reported.some((message) => message.includes("store.internal cannot be read")));
  expect(of("storefront")).toHaveLength(2);
  server.addresses.set("store.internal", ["10.0.0.9"]);
  await eventually(() => of("storefront").join() === "http://10.0.0.9:8080");
  expect(reported).toHaveLength(2);
  discovery.stop();
  await server.stop();
});

test("SRV records give hosts, ports and weights; a later priority waits for its turn", async () => {
  const server = await startNameServer();
  const name = "_http._tcp.store.internal";
  server.services.set(name, [
    { priority: 1, weight: 90, port: 8001, target: "a.internal" },
    { priority: 1, weight: 10, port: 8002, target: "b.internal" },
    { priority: 2, weight: 50, port: 8003, target: "c.internal" },
  ]);
  const names = systemNames([server.address]);
  const { discovery, known } = discover(`storefront=srv://${name}`, { names });
  await discovery.start();
  const weights = () => new Map(known.get("storefront")?.map(({ url, weight }) => [url, weight]));
  expect(weights()).toEqual(
    new Map([
      ["http://a.internal:8001", 90],
      ["http://b.internal:8002", 10],
    ]),
  );
  server.services.set(name, [{ priority: 2, weight: 0, port: 8003, target: "c.internal" }]);
  await eventually(() => weights().get("http://c.internal:8003") === 100);
  discovery.stop();
  await server.stop();
});

describe("instances that register", () => {
  let stores: TestStores;
  let mongo: MongoStores;
  let prefix: string;

  beforeAll(async () => {
    stores = await startStores({ need: { mongo: true } });
    prefix = uniquePrefix();
    mongo = await MongoStores.connect({ url: stores.mongoUrl, prefix, writeConcern: 1 });
  });
  afterAll(async () => {
    await mongo.close();
    await stores.stop();
  });

  const instance = (url: string) => ({ services: ["storefront", "cart"], url, weight: 100, version: "1.0.0" });

  test("they join, drain and leave; one that says nothing more leaves by itself", async () => {
    const registered = () => registeredInstances(mongo);
    const { discovery, of, known } = discover("*=registered", { registered });
    await discovery.start();
    expect(of("storefront")).toEqual([]);
    const first = await Registration.begin(mongo, { ...instance("http://10.0.0.1:1"), zone: "a" });
    const second = await Registration.begin(mongo, instance("http://10.0.0.2:1"));
    await eventually(() => of("storefront").length === 2);
    expect(known.get("storefront")?.find(({ url }) => url === "http://10.0.0.1:1")).toMatchObject({ zone: "a" });
    expect(of("ordering")).toEqual([]);
    await first.drain();
    await eventually(() => known.get("storefront")?.some(({ draining }) => draining));
    await first.end();
    await eventually(() => of("storefront").join() === "http://10.0.0.2:1");
    // Its process is killed: there is no heartbeat any more.
    await mongo
      .collection<{ _id: string }>("operations", "instances")
      .updateOne({ _id: second.id }, [{ $set: { expiresAt: "$$NOW" } }]);
    await eventually(() => of("storefront").length === 0);
    await second.end();
    discovery.stop();
  });

  test("a gateway finds them, and sends nothing to one that drains", async () => {
    const [a, b] = [await Upstream.start("a"), await Upstream.start("b")];
    const gateway = await startTestGateway(
      { GATEWAY_SERVICES: "*=registered" },
      { mongo: { url: stores.mongoUrl, prefix } },
    );
    expect((await gateway.caller.get("/store/v1/carts/1")).status).toBe(503);
    const first = await Registration.begin(mongo, instance(a.url));
    await eventually(async () => (await gateway.caller.get("/store/v1/carts/1")).status === 200);
    const second = await Registration.begin(mongo, instance(b.url));
    await eventually(async () => {
      await gateway.caller.get("/store/v1/carts/1");
      return b.count > 0;
    });
    await first.drain();
    await eventually(async () => {
      const { body } = await gateway.caller.get("/gateway/v1/services");
      return body.items
        .find(({ name }: { name: string }) => name === "cart")
        .instances.some(({ draining }: { draining: boolean }) => draining);
    });
    const before = a.count;
    for (let i = 0; i < 20; i++) expect((await gateway.caller.get("/store/v1/carts/1")).status).toBe(200);
    expect(a.count).toBe(before);
    await Promise.all([first.end(), second.end()]);
    await gateway.stop();
    await Promise.all([a.kill(), b.kill()]);
  });
});
