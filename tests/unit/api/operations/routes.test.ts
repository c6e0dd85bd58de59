import { type Listening } from "../../../../src/api/http";
import { operationsRoutes } from "../../../../src/api/operations";
import { type Services } from "../../../../src/api/services";
import { Metrics } from "../../../../src/infra/observability";
import { ADMIN_KEY, serve, STOCK_KEY } from "../http/support";
import { engineOf, failed, live, readModel } from "./engine";

const building = { ...live(50), status: "catching-up", target: "products_v3", version: 3 } as const;
const engine = engineOf(
  [
    readModel("storefront", "products", live(), { building }),
    readModel("catalog", "products", live()),
    readModel("pricing", "prices", failed),
    readModel("analytics", "orders", live(), { kind: "feed" }),
  ],
  [{ name: "checkout", context: "ordering", kind: "process", state: failed }],
);

let open: Listening;
let closed: Listening;
beforeAll(async () => {
  const routes = () => operationsRoutes({ services: {} as Services, engine, metrics: new Metrics({ process: false }) });
  open = await serve(routes(), { openOnLoopback: true });
  closed = await serve(routes());
});
afterAll(() => Promise.all([open.close(), closed.close()]));
afterEach(() => void engine.asked.splice(0));

async function call(path: string, method = "GET") {
  const answer = await fetch(open.url + path, { method });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

describe("GET /operations/v1/projections", () => {
  test("shows each read model, feed, process and reaction", async () => {
    const { body } = await call("/operations/v1/projections");
    expect(body["head"]).toBe("200");
    expect(body["items"]).toHaveLength(6);
    expect((body["items"] as object[])[3]).toEqual({
      name: "orders",
      context: "analytics",
      kind: "feed",
      version: 2,
      target: "orders_v2",
      state: "live",
      owner: { worker: "w1", host: "there", pid: 7, since: "1970-01-01T00:00:00.000Z" },
      checkpoint: "100",
      lag: { events: 0, seconds: 0 },
      error: null,
      partitions: [
        {
          partition: 0,
          state: "live",
          owner: { worker: "w1", host: "there", pid: 7, since: "1970-01-01T00:00:00.000Z" },
          checkpoint: "100",
          lag: { events: 0, seconds: 0 },
          error: null,
        },
      ],
      rebuild: null,
    });
  });

  test("shows others' read models as far as they can be read here", async () => {
    const { body } = await call("/operations/v1/projections/elsewhere.offers");
    expect(body).toMatchObject({
      state: "failed",
      error: {
        event: "e-1",
        stream: "product-7",
        revision: 2,
        document: "product:7",
        cause: "no title",
        attempts: 3,
        since: "1970-01-01T00:00:00.000Z",
        stack: expect.stringContaining("at apply"),
      },
      owner: { worker: "w1", host: "there" },
      version: 3,
      checkpoint: "150",
      lag: { events: null, seconds: null },
    });
  });

  test("tells the whole story of the event that stopped one", async () => {
    const { body } = await call("/operations/v1/projections/checkout");
    expect(body).toMatchObject({
      kind: "process",
      version: null,
      state: "failed",
      lag: { events: 3, seconds: 12.5 },
      error: { stream: "price-A", revision: 3, type: "PriceSet", position: "41", cause: "no such currency" },
    });
    expect(body["error"]).toMatchObject({ stack: expect.stringContaining("/srv/inside.js") });
  });

  test("shows how far a rebuild is", async () => {
    const { body } = await call("/operations/v1/projections/storefront.products");
    expect(body["rebuild"]).toMatchObject({ target: "products_v3", version: 3, state: "catching-up", progress: 0.25 });
  });
});

describe("POST …/rebuild", () => {
  test("begins; a second one has to wait", async () => {
    const first = await call("/operations/v1/projections/prices/rebuild", "POST");
    expect([first.status, first.headers.get("location")]).toEqual([202, "/operations/v1/projections/pricing.prices"]);
    expect(first.body["rebuild"]).toMatchObject({ target: "prices_v2_1", progress: 0 });
    const second = await call("/operations/v1/projections/pricing.prices/rebuild", "POST");
    expect([second.status, second.body["code"]]).toEqual([409, "rebuild-under-way"]);
    expect(engine.asked).toEqual(["rebuild pricing.prices"]);
  });

  test.each([
    ["products", 409, "ambiguous-name"],
    ["nothing", 404, "projection-not-found"],
    ["checkout", 409, "cannot-be-rebuilt"],
  ])("of %s: %i %s", async (name, status, code) => {
    const answer = await call(`/operations/v1/projections/${name}/rebuild`, "POST");
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
    if (code === "ambiguous-name") expect(answer.body["names"]).toEqual(["storefront.products", "catalog.products"]);
  });
});

test("POST …/retry goes on with what has failed, and with nothing else", async () => {
  expect((await call("/operations/v1/projections/checkout/retry", "POST")).status).toBe(202);
  expect((await call("/operations/v1/projections/prices/retry", "POST")).status).toBe(202);
  const answer = await call("/operations/v1/projections/orders/retry", "POST");
  expect([answer.status, answer.body["code"]]).toEqual([409, "not-failed"]);
  expect(engine.asked.map((each) => each.split(" ").slice(0, 2).join(" "))).toEqual([
    "retry ordering.checkout",
    "retry pricing.prices",
  ]);
});

describe("POST …/skip", () => {
  const skip = async (name: string, body: object) => {
    const answer = await fetch(`${open.url}/operations/v1/projections/${name}/skip`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const reason = "a test of ours";

  test.each([
    { event: "e-1" },
    { event: "e-1", position: "150" },
    { event: "e-1", position: "150", document: "product:7" },
  ])("of the event at which it stands: %j", async (named) => {
    expect((await skip("offers", { ...named, reason })).status).toBe(202);
    expect(engine.asked).toEqual([expect.stringMatching(/^skip elsewhere\.offers e-1 .*a test of ours$/)]);
  });

  test.each([
    ["offers", { event: "e-2", reason }, 409, "stands-elsewhere"],
    ["offers", { event: "e-1", position: "151", reason }, 409, "stands-elsewhere"],
    ["offers", { event: "e-1", document: "another", reason }, 409, "stands-elsewhere"],
    ["orders", { event: "e-1", reason }, 409, "not-failed"],
    ["offers", { event: "e-1" }, 422, "invalid-body"],
    ["offers", { reason }, 422, "invalid-body"],
    ["offers", { event: "e-1", reason: " " }, 422, "invalid-body"],
  ])("of %s with %j: %i %s", async (name, body, status, code) => {
    const answer = await skip(name, body);
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
    expect(engine.asked).toEqual([]);
    if (code === "stands-elsewhere")
      expect(answer.body["standing"]).toEqual([expect.objectContaining({ event: "e-1", document: "product:7" })]);
  });

  test("what is left out is listed, with who and why", async () => {
    const { body } = await call("/operations/v1/projections/offers/skipped");
    expect(body["items"]).toEqual([
      expect.objectContaining({ event: "e-1", document: "product:7", by: "key:ops", reason: "as agreed" }),
    ]);
  });
});

describe("who may", () => {
  const ask = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(closed.url + path, { headers })).status;

  test("health is for everyone, all else for operators when the server is not on loopback alone", async () => {
    expect(await ask("/health/live")).toBe(200);
    expect(await ask("/health/ready")).toBe(503);
    for (const path of ["/metrics", "/operations/v1/projections"]) {
      expect(await ask(path)).toBe(401);
      expect(await ask(path, { "x-api-key": STOCK_KEY })).toBe(403);
      expect(await ask(path, { "x-api-key": ADMIN_KEY })).toBe(200);
    }
  });

  test("a page of elsewhere cannot set off a rebuild through its reader's browser", async () => {
    const answer = await fetch(`${open.url}/operations/v1/projections/orders/rebuild`, {
      method: "POST",
      headers: { origin: "https://example.org" },
    });
    expect(answer.status).toBe(401);
    expect(engine.asked).toEqual([]);
  });
});

test("not ready: what is missing", async () => {
  const { status, body, headers } = await call("/health/ready");
  expect([status, body["code"], headers.get("retry-after")]).toEqual([503, "not-ready", "1"]);
  expect(body["detail"]).toBe("Not ready: a read model has not caught up.");
  expect(body["missing"]).toEqual([
    { what: "read-model", name: "pricing.prices", reason: expect.stringContaining("failed") },
  ]);
});

test("figures for Prometheus", async () => {
  const answer = await fetch(`${open.url}/metrics`);
  const lines = (await answer.text()).split("\n");
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  for (const line of [
    "millrace_commands_total 9",
    "millrace_append_conflicts_total 3",
    'millrace_append_batches_total{commands="1"} 2',
    'millrace_append_batches_total{commands="3-4"} 1',
    'millrace_append_batches_total{commands="5-8"} 1',
    "millrace_log_position 200",
    "millrace_log_connected 1",
    'millrace_projection_lag_events{context="pricing",name="prices",kind="projection"} 3',
    'millrace_projection_lag_seconds{context="ordering",name="checkout",kind="process"} 12.5',
    'millrace_projection_position{context="analytics",name="orders",kind="feed"} 100',
    'millrace_projection_rebuild_progress{context="storefront",name="products",kind="projection"} 0.25',
    'millrace_projection_state{context="ordering",name="checkout",kind="process",state="failed"} 1',
    'millrace_projection_owned{context="pricing",name="prices",kind="projection",partition="0"} 1',
    'millrace_projection_partition_lag_seconds{context="ordering",name="checkout",kind="process",partition="0"} 12.5',
    'millrace_projection_retries_total{context="ordering",name="checkout",kind="process",partition="0"} 0',
    'millrace_projection_state{context="ordering",name="checkout",kind="process",state="live"} 0',
  ])
    expect(lines).toContain(line);
});
