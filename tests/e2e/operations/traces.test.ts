import { gatewayConfig, type RunningGateway, startGateway } from "../../../src/engine/gateway";
import { settings } from "../../../src/infra/config";
import { startTracing, type Tracing } from "../../../src/infra/observability";
import { collectedLog } from "../../support/collected-logs";
import { makeArticle } from "../../support/articles";
import { Collector } from "../../support/collector";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy, expectStatus } from "../../support/shopper";

/* What a collector is told of a purchase that goes through the gateway. */

let collector: Collector;
let tracing: Tracing;
let shop: TestShop;
let gateway: RunningGateway;
let anyone: Caller;

beforeAll(async () => {
  collector = await Collector.start();
  tracing = startTracing({ endpoint: collector.url, serviceName: "shop", ratio: 0 });
  shop = await startTestShop();
  const config = gatewayConfig(settings({ GATEWAY_SERVICES: `*=${shop.url}`, GATEWAY_HEALTH_INTERVAL: "250" }));
  gateway = await startGateway({ host: "127.0.0.1", port: 0, config, log: collectedLog() });
  anyone = new Caller(gateway.url);
});
afterAll(async () => {
  await anyone.close();
  await gateway.stop();
  await shop.stop();
  await tracing.stop();
  await collector.stop();
});

test("a checkout is one trace: gateway, service, commands, appends, projections, process and reaction", async () => {
  const { sku, token } = await makeArticle(shop.admin, { sku: "TRACE-1", stock: 5 });
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const caller = anyone.with({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
  const { answer } = await buy(caller, [{ sku, quantity: 1 }], { after: token });
  expect(expectStatus(201, answer).body).toMatchObject({ status: "confirmed" });

  const wanted = [
    "gateway POST /store/v1/carts/:cartId/checkout",
    "POST /store/v1/carts/:cartId/checkout",
    "command PlaceOrder",
    "append",
    "project ordering.orders",
    "process checkout",
    "command ReserveStock",
    "command RequestPayment",
    "react payment-provider",
    "command ConfirmOrder",
  ];
  await eventually(async () => {
    await tracing.flush();
    const names = new Set(collector.of(traceId).map(({ name }) => name));
    const missing = wanted.filter((name) => !names.has(name));
    if (missing.length > 0) throw new Error(`not told of ${missing.join(", ")}, but of ${[...names].join(", ")}`);
    return true;
  }, 30_000);

  const spans = collector.of(traceId);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  // Each is the first, or the child of another of the trace; nothing hangs in the air.
  for (const { name, parentSpanId = "" } of spans)
    expect([name, parentSpanId === "00f067aa0ba902b7" || byId.has(parentSpanId)]).toEqual([name, true]);
  const pathTo = (name: string): string[] => {
    const path: string[] = [];
    for (let span = spans.find((each) => each.name === name); span; span = byId.get(span.parentSpanId ?? ""))
      path.unshift(span.name);
    return path;
  };
  expect(pathTo("POST /store/v1/carts/:cartId/checkout")).toEqual([
    "gateway POST /store/v1/carts/:cartId/checkout",
    "POST /store/v1/carts/:cartId/checkout",
  ]);
  const reaction = pathTo("react payment-provider");
  expect(reaction.slice(-2)).toEqual(["command RequestPayment", "react payment-provider"]);
  expect(reaction).toContain("process checkout");
  expect(pathTo("command ConfirmOrder")).toContain("react payment-provider");
  expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(["shop"]));
});

test("no span tells who somebody is or what they bought, and what is not sampled is not sent", async () => {
  await anyone.get("/store/v1/products");
  await tracing.flush();
  expect(JSON.stringify(collector.spans)).not.toMatch(/@|TRACE-1|street/i);
  expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
});
