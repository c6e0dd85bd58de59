import { startShop, type Shop } from "../../../src/engine/shop";
import { setUpShop } from "../../../src/engine/set-up";
import { makeArticle } from "../../support/articles";
import { type CollectedSpan, Collector } from "../../support/collector";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { TEST_MASTER_KEY } from "../../support/master-keys";
import { run, type Program } from "../../support/program";
import { ADMIN_KEY, shopOn } from "../../support/shop";
import { buy, expectStatus } from "../../support/shopper";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/*
 * One checkout through processes that know nothing of one another: gateway, carts, ordering and payments. Each sends its spans to the collector by itself; what holds them together went over the wire and through the log.
 */

const OTHERS = ["reference", "catalog", "pricing", "inventory", "storefront"] as const;

let stores: TestStores;
let collector: Collector;
/** Everything that is not looked at here. */
let rest: Shop;
let programs: Program[] = [];

beforeAll(async () => {
  [stores, collector] = await Promise.all([startStores(), Collector.start()]);
  const mongoPrefix = uniquePrefix();
  rest = await startShop({
    ...shopOn(stores, mongoPrefix),
    work: OTHERS,
    serve: OTHERS,
    async beforeOpening(shop) {
      await setUpShop(shop, { seed: false });
    },
  });
  environment = {
    EVENTSTORE_URL: stores.eventstoreUrl,
    MONGODB_URL: stores.mongoUrl,
    MONGODB_PREFIX: mongoPrefix,
    MASTER_KEY: TEST_MASTER_KEY,
    ADMIN_API_KEY: ADMIN_KEY,
    LOG_LEVEL: "warn",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    // Only what somebody else wants traced.
    OTEL_TRACES_SAMPLER_ARG: "0",
  };
});
afterAll(async () => {
  await Promise.all(programs.map((program) => program.interrupt()));
  await rest.stop();
  await stores.stop();
  await collector.stop();
});

let environment: NodeJS.ProcessEnv = {};

/** Starts a process and answers the address that it prints. */
async function started(...args: string[]): Promise<string> {
  const program = run([...args, "--port", "0"], environment);
  programs = [...programs, program];
  return eventually(() => {
    if (program.child.exitCode !== null) throw new Error(program.err());
    return /(http:\/\/\S+)/.exec(program.out())?.[1];
  }, 60_000);
}

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SHOPPER = "00f067aa0ba902b7";

/** What a checkout is made of, and whose it is. */
const WANTED = [
  ["millrace-gateway", "gateway POST /store/v1/carts/:cartId/checkout"],
  ["millrace-cart", "POST /store/v1/carts/:cartId/checkout"],
  ["millrace-cart", "command PlaceOrder"],
  ["millrace-cart", "append"],
  ["millrace-ordering", "project ordering.orders"],
  ["millrace-ordering", "process checkout"],
  ["millrace-ordering", "command RequestPayment"],
  ["millrace-ordering", "append"],
  ["millrace-payment", "project payment.payments"],
  ["millrace-payment", "react payment-provider"],
  ["millrace-payment", "command RecordAuthorisation"],
  ["millrace-ordering", "command ConfirmOrder"],
] as const;

test("a checkout is one trace over the gateway and the services of carts, ordering and payments", async () => {
  const [cart, ordering] = await Promise.all([
    started("serve", "cart"),
    started("serve", "ordering"),
    started("serve", "payment"),
  ]);
  const gateway = await started("gateway", "--services", `cart=${cart};ordering=${ordering};*=${rest.url}`);
  const back = new Caller(rest.url).with({ "X-API-Key": ADMIN_KEY });
  const anyone = new Caller(gateway);
  try {
    // The services say that they listen before they are ready for requests.
    for (const path of ["/store/v1/carts/none", "/store/v1/orders/none"])
      await eventually(async () => (await anyone.get(path)).status !== 503, 30_000);
    const { sku, token } = await makeArticle(back, { sku: "TRACED-1", stock: 5 });
    const shopper = anyone.with({ traceparent: `00-${TRACE}-${SHOPPER}-01` });
    const { answer } = await buy(shopper, [{ sku, quantity: 1 }], { after: token });
    expect(expectStatus(201, answer).body).toMatchObject({ status: "confirmed" });

    await eventually(() => {
      const spans = collector.of(TRACE);
      const missing = WANTED.filter(([service, name]) => !spans.some((span) => isOf(span, service, name)));
      const hanging = spans.filter(({ parentSpanId }) => parentSpanId !== SHOPPER && !spans.some(({ spanId }) => spanId === parentSpanId)); // prettier-ignore
      if (missing.length > 0 || hanging.length > 0)
        throw new Error(`missing ${JSON.stringify(missing)}; no parent for ${hanging.map(({ name }) => name).join()}`);
      return true;
    }, 25_000);
  } finally {
    await anyone.close();
    await back.close();
  }
  const spans = collector.of(TRACE);
  // From the answer of the payment provider back to the shopper's request, through the processes as they took part.
  const payment = spans.find((span) => isOf(span, "millrace-payment", "command RecordAuthorisation"));
  expect(servicesUpwards(spans, payment)).toEqual([
    "millrace-payment",
    "millrace-ordering",
    "millrace-cart",
    "millrace-gateway",
  ]);
  expect(collector.spans).toHaveLength(spans.length);
  expect(JSON.stringify(collector.spans)).not.toMatch(/@|TRACED-1|street/i);
});

const isOf = (span: CollectedSpan, service: string, name: string): boolean =>
  span.service === service && span.name === name;

/** The services of a span and of what led to it, each named once. */
function servicesUpwards(spans: readonly CollectedSpan[], last: CollectedSpan | undefined): readonly string[] {
  const services: string[] = [];
  for (let span = last; span;) {
    if (services.at(-1) !== span.service) services.push(span.service);
    const { parentSpanId } = span;
    span = spans.find(({ spanId }) => spanId === parentSpanId);
  }
  return services;
}
