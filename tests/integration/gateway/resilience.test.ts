import { RETRY_BUDGET } from "../../../src/api/gateway/resilience/retry";
import { eventually } from "../../support/eventually";
import { at, configOf, startTestGateway, type TestGateway } from "./gateway";
import { answerJson, Upstream } from "./upstream";

/* Instances that die, hang, fail and leave. */

const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of started.splice(0).reverse()) await each.stop();
});

async function instance(name: string, port?: number): Promise<Upstream> {
  const upstream = await Upstream.start(name, undefined, port);
  started.push({ stop: () => upstream.kill().catch(() => undefined) });
  return upstream;
}

async function before(environment: Record<string, string>): Promise<TestGateway> {
  const gateway = await startTestGateway(environment);
  started.push(gateway);
  return gateway;
}

const cart = "/store/v1/carts/1";
const statesOf = async ({ caller }: TestGateway): Promise<readonly Record<string, unknown>[]> =>
  (await caller.get("/gateway/v1/services")).body.items.find(({ name }: { name: string }) => name === "cart").instances;

test("an instance that is killed under load costs no read", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a, b) });
  const statuses: number[] = [];
  let stop = false;
  const shoppers = Array.from({ length: 4 }, async () => {
    while (!stop) statuses.push((await gateway.caller.get(cart)).status);
  });
  await eventually(() => a.count > 20 && b.count > 20);
  await a.kill();
  await eventually(async () => (await statesOf(gateway)).some(({ health }) => health === "not-ready"));
  stop = true;
  await Promise.all(shoppers);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test("an instance that comes back gets requests again", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a, b) });
  await a.kill();
  await eventually(async () => (await statesOf(gateway)).some(({ health }) => health === "not-ready"));
  const again = await instance("a again", a.port);
  await eventually(async () => {
    await gateway.caller.get(cart);
    return again.count > 0;
  });
});

test("an instance that says that it is not ready gets nothing new, and what it works on ends", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a, b) });
  let finish: () => void = () => undefined;
  a.behave = (got, response, request) => {
    finish = () => void answerJson({ from: "a" })(got, response, request);
  };
  b.behave = a.behave;
  const under = gateway.caller.get(cart);
  const holder = await eventually(() => [a, b].find(({ count }) => count === 1));
  const other = holder === a ? b : a;
  holder.ready = false;
  await eventually(async () => (await statesOf(gateway)).some(({ health }) => health === "not-ready"));
  other.behave = answerJson({ from: "other" });
  for (let i = 0; i < 10; i++) expect((await gateway.caller.get(cart)).body).toEqual({ from: "other" });
  finish();
  expect((await under).status).toBe(200);
  expect(holder.count).toBe(1);
});

test("the only instance there is gets requests even when it is too slow to say that it is ready; beside another, not", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  a.slowToSay = true;
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a) });
  await eventually(async () => (await statesOf(gateway)).some(({ health }) => health === "silent"));
  expect((await gateway.caller.get(cart)).status).toBe(200);
  await gateway.reload(configOf({ GATEWAY_SERVICES: at("cart", a, b) }));
  await eventually(() => gateway.caller.get(cart).then(() => b.count > 0));
  const known = a.count;
  for (let i = 0; i < 10; i++) await gateway.caller.get(cart);
  expect(a.count).toBe(known);
});

test("a command without a key is never sent twice; with one it is", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a, b) });
  a.behave = b.behave = (_got, _response, request) => void request.socket.destroy();
  const lost = await gateway.caller.post("/store/v1/carts", {});
  expect(lost).toMatchObject({ status: 502, body: { code: "bad-gateway" } });
  expect(a.count + b.count).toBe(1);

  // The first of the two to be asked breaks off.
  let first = true;
  a.behave = b.behave = (got, response, request) => {
    if (!first) return answerJson({ done: got.headers["idempotency-key"] }, {}, 201)(got, response, request);
    first = false;
    request.socket.destroy();
  };
  const done = await gateway.caller.post("/store/v1/carts", { currency: "GBP" }, { "Idempotency-Key": "once" });
  expect(done).toMatchObject({ status: 201, body: { done: "once" } });
  expect([...a.got, ...b.got].slice(-1)[0]?.body).toBe('{"currency":"GBP"}');
});

test("a 503 of one instance is asked of another; when there is none it is passed on as it is", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a, b) });
  a.behave = answerJson({ code: "read-model-behind" }, { "Retry-After": "1" }, 503);
  // As many as there are retries from the first: who is asked first is left to chance.
  for (let i = 0; i < RETRY_BUDGET.perSecond; i++) expect((await gateway.caller.get(cart)).body).toEqual({ from: "b" });
  b.behave = a.behave;
  const answer = await gateway.caller.get(cart);
  expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "1" }, body: { code: "read-model-behind" } });
});

test("an instance that answers with errors of its own is left out, then tried again", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a, b) });
  a.behave = answerJson({ code: "internal-error" }, {}, 500);
  await eventually(async () => {
    await gateway.caller.get(cart);
    return (await statesOf(gateway)).some(({ circuit }) => circuit === "open");
  });
  const before_ = a.count;
  for (let i = 0; i < 20; i++) expect((await gateway.caller.get(cart)).status).toBe(200);
  expect(a.count).toBe(before_);
  a.behave = answerJson({ from: "a, well again" });
  await eventually(async () => {
    await gateway.caller.get(cart);
    return (await statesOf(gateway)).every(({ circuit }) => circuit === "closed");
  });
});

test("an instance that is too late is left out, but not for callers without patience", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a, b) });
  a.behave = answerJson({ code: "gateway-timeout" }, {}, 504);
  const hasty = () => gateway.caller.get(cart, { headers: { "Request-Timeout": "4000" } });
  const answers = await Promise.all(Array.from({ length: 40 }, hasty));
  // It is not asked of another: there would be no time left.
  expect(answers.filter(({ status }) => status === 504)).toHaveLength(a.count);
  expect(a.count).toBeGreaterThan(5);
  expect((await statesOf(gateway)).map(({ circuit }) => circuit)).toEqual(["closed", "closed"]);
  await eventually(async () => {
    await gateway.caller.get(cart);
    return (await statesOf(gateway)).some(({ circuit }) => circuit === "open");
  });
});

test("errors of all instances open no circuit: it is not the instances", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a, b) });
  a.behave = b.behave = answerJson({ code: "internal-error" }, {}, 500);
  for (let i = 0; i < 40; i++) expect((await gateway.caller.get(cart)).status).toBe(500);
  expect((await statesOf(gateway)).filter(({ circuit }) => circuit === "open").length).toBeLessThanOrEqual(1);
});

test("the retry budget keeps trouble from multiplying", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a, b) });
  a.behave = b.behave = answerJson({ code: "temporarily-unavailable" }, {}, 503);
  const requests = 200;
  for (let i = 0; i < requests; i++) await gateway.caller.get(cart);
  expect(a.count + b.count).toBeGreaterThan(requests);
  expect(a.count + b.count).toBeLessThan(requests * 1.5);
});

test("commands of one aggregate meet in one instance, those of many are spread", async () => {
  const all = [await instance("a"), await instance("b"), await instance("c")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", ...all) });
  for (let i = 0; i < 10; i++) await gateway.caller.post("/store/v1/carts/one/items", { sku: "X", quantity: 1 });
  expect(all.filter(({ count }) => count > 0)).toHaveLength(1);
  for (let i = 0; i < 60; i++) await gateway.caller.put(`/store/v1/carts/${i}/email`, { email: "a@b.example" });
  expect(all.filter(({ count }) => count > 5)).toHaveLength(3);
});

test("a slow service is given no more at once than it can bear; who would wait too long is told to come back", async () => {
  const a = await instance("a");
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a), GATEWAY_CONCURRENCY: "4", GATEWAY_WAIT: "50" });
  let most = 0;
  let now = 0;
  a.behave = async (got, response, request) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 25));
    now--;
    return answerJson({})(got, response, request);
  };
  const statuses: number[] = [];
  let stop = false;
  const crowd = gateway.caller.atOnce(100);
  const callers = Array.from({ length: 100 }, async () => {
    while (!stop) {
      const { status, headers } = await crowd.get(cart);
      statuses.push(status);
      if (status === 503) expect(headers["retry-after"]).toBe("1");
      if (status === 503) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  await eventually(() => statuses.filter((status) => status === 503).length > 20);
  stop = true;
  await Promise.all(callers);
  await crowd.close();
  expect(most).toBeLessThanOrEqual(4);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(20);
});

test("weights and zones: a canary gets its small share, the own zone goes first", async () => {
  const [a, b, c] = [await instance("a"), await instance("b"), await instance("c")];
  const gateway = await before({
    GATEWAY_SERVICES: `cart=${a.url}#zone=near&weight=90,${b.url}#zone=near&weight=10,${c.url}#zone=far`,
    GATEWAY_ZONE: "near",
  });
  for (let i = 0; i < 200; i++) await gateway.caller.put(`/store/v1/carts/${i}/email`, { email: "a@b.example" });
  expect(c.count).toBe(0);
  expect(b.count).toBeGreaterThan(4);
  expect(b.count).toBeLessThan(50);
  a.ready = false;
  await eventually(async () => {
    await gateway.caller.get(cart);
    return c.count > 0;
  });
});

test("new settings drop no request and no connection", async () => {
  const [a, b] = [await instance("a"), await instance("b")];
  const gateway = await before({ GATEWAY_SERVICES: at("cart", a) });
  const one = gateway.caller.atOnce(1);
  const statuses: number[] = [];
  let stop = false;
  const shopper = (async () => {
    while (!stop) statuses.push((await one.get(cart)).status);
  })();
  await eventually(() => a.count > 10);
  await gateway.reload(configOf({ GATEWAY_SERVICES: at("cart", b), GATEWAY_CORS: "" }));
  await eventually(() => b.count > 10);
  const known = a.count;
  await eventually(() => b.count > 30);
  stop = true;
  await shopper;
  await one.close();
  expect(a.count).toBe(known);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test("a gateway that stops ends what is under way", async () => {
  const a = await instance("a");
  const gateway = await startTestGateway({ GATEWAY_SERVICES: at("cart", a) });
  let finish: () => void = () => undefined;
  a.behave = (got, response, request) => {
    finish = () => void answerJson({ ended: true })(got, response, request);
  };
  const under = gateway.caller.get(cart);
  await eventually(() => a.count === 1);
  gateway.gateway.drain();
  expect(await gateway.caller.get("/health/ready")).toMatchObject({ status: 503 });
  const stopped = gateway.stop();
  finish();
  const answer = await under;
  expect(answer.body).toEqual({ ended: true });
  await stopped;
});
