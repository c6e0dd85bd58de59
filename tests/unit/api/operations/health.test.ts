import { describe as describeMissing, Health } from "../../../../src/api/operations/health";
import { engineOf, failed, followed, live, readModel, starting, waiting } from "./engine";

const never = () => new Promise<never>(() => undefined);
const gone = () => Promise.reject(new Error("connect ECONNREFUSED"));

test("ready: both stores answer, read models are level", async () => {
  expect(await new Health(engineOf([readModel("cart", "offers", live())])).missing()).toEqual([]);
});

test("a store that refuses or hangs is missing", async () => {
  const engine = engineOf([]);
  engine.log.endPosition = never;
  engine.stores.ping = gone;
  const missing = await new Health(engine, 10).missing();
  expect(missing).toEqual([
    { what: "event-store", reason: "does not answer" },
    { what: "document-store", reason: "does not answer" },
  ]);
  expect(describeMissing(missing)).toBe(
    "Not ready: the event store does not answer; the document store does not answer.",
  );
});

test("a store that hangs is not asked again before it has answered", async () => {
  const engine = engineOf([]);
  let asked = 0;
  engine.log.endPosition = () => {
    asked++;
    return never();
  };
  const health = new Health(engine, 5);
  await Promise.all([health.missing(), health.missing()]);
  await health.missing();
  expect(asked).toBe(1);
});

test("a read model counts until it has been level once; one that falls behind later does not close the shop", async () => {
  const states = [readModel("cart", "offers", starting), readModel("cart", "taxes", failed)];
  const health = new Health(engineOf(states));
  const missing = await health.missing();
  expect(missing).toEqual([
    { what: "read-model", name: "cart.offers", reason: "starting" },
    { what: "read-model", name: "cart.taxes", reason: `failed: ${failed.error?.message ?? ""}` },
  ]);
  expect(describeMissing(missing)).toBe("Not ready: 2 read models have not caught up.");
  states[0] = readModel("cart", "offers", live());
  states[1] = readModel("cart", "taxes", live());
  expect(await health.missing()).toEqual([]);
  states[1] = readModel("cart", "taxes", failed);
  expect(await health.missing()).toEqual([]);
});

test("processes and reactions may be behind", async () => {
  const engine = engineOf([], [{ name: "checkout", context: "ordering", kind: "process", state: starting }]);
  expect(await new Health(engine).missing()).toEqual([]);
});

test("what another process works on counts once it can be read up to where the log was", async () => {
  const health = new Health(engineOf([readModel("cart", "offers", waiting)]));
  expect(await health.missing()).toEqual([{ what: "read-model", name: "cart.offers", reason: "waiting" }]);
  followed.position = 200n;
  expect(await health.missing()).toEqual([]);
});
