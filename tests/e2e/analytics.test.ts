import { gunzipSync } from "node:zlib";
import Big from "big.js";
import { request } from "undici";
import { type CountryCode, type CurrencyCode, type OrderId, type Timestamp } from "../../src/domains/kernel";
import { order, type OrderCommand } from "../../src/domains/ordering";
import { newId } from "../../src/infra/runtime";
import { registerBusinessFigures } from "../../src/api/operations";
import { startShop } from "../../src/engine/shop";
import { Metrics } from "../../src/infra/observability";
import { type Article, makeArticle } from "../support/articles";
import { after } from "../support/consistency";
import { eventually } from "../support/eventually";
import { Caller } from "../support/http";
import { atRest } from "../support/log";
import { startTestShop, type TestShop } from "../support/shop";
import { buy, expectStatus } from "../support/shopper";

/** Analytics that add up to the penny. */

const FEEDS = "/analytics/v1/feeds";

interface Row {
  readonly cursor: string;
  readonly position: string;
  readonly occurredAt: string;
  /** Products have none. */
  readonly quantity?: number;
  readonly amount?: string;
  readonly currency?: string;
  readonly [column: string]: unknown;
}

interface Sums {
  readonly rows: number;
  readonly quantity: number;
  readonly amounts: Readonly<Record<string, string>>;
}

let shop: TestShop;
let article: Article;

beforeAll(async () => {
  shop = await startTestShop();
  article = await makeArticle(shop.admin, { sku: "MUG", price: "3.95", stock: 1_000 });
  await importDocument("ImportOrder", "536365", "17850", "United Kingdom", "GB", "2010-12-01T08:26:00.000Z", [
    ["85123A", 6, "2.55"],
    ["71053", 6, "3.39"],
    ["POST", 3, "0.001"],
  ]);
  await importDocument("ImportOrder", "536366", null, "EIRE", "IE", "2010-12-31T23:59:59.999Z", [
    ["85123A", 80_995, "0.003"],
    ["MISSING", 1, "0"],
  ]);
  await importDocument("ImportCreditNote", "C536379", "17850", "United Kingdom", "GB", "2011-01-01T00:00:00.000Z", [
    ["85123A", -2, "2.55"],
    ["D", -1, "27.505"],
  ]);
  await importDocument("ImportAccountingAdjustment", "A563185", null, "United Kingdom", "GB", "2011-08-12T14:50:00.000Z", [
    ["B", 1, "11062.06"],
    ["B", 1, "-11062.061"],
  ]); // prettier-ignore
  const buyers = [1, 2, 3].map((quantity) =>
    buy(shop.anyone, [{ sku: article.sku, quantity }], { after: article.token }),
  );
  const [first] = await Promise.all(buyers);
  expectStatus(200, await shop.admin.post(`/admin/v1/orders/${first?.answer.body.id}/cancel`, { reason: "returned" }));
  await buy(shop.anyone, [{ sku: article.sku, quantity: 1 }], { token: "tok_decline" });
  await atRest(shop);
});
afterAll(() => shop.stop());

async function importDocument(
  type: "ImportOrder" | "ImportCreditNote" | "ImportAccountingAdjustment",
  number: string,
  customer: string | null,
  country: string,
  countryCode: string,
  at: string,
  lines: readonly (readonly [sku: string, quantity: number, unitPrice: string])[],
): Promise<void> {
  const command: OrderCommand = {
    type,
    at: at as Timestamp,
    orderId: newId() as OrderId,
    number,
    source: "test",
    customer,
    country,
    countryCode: countryCode as CountryCode,
    currency: "GBP" as CurrencyCode,
    lines: lines.map(([sku, quantity, unitPrice]) => ({ sku, name: sku, quantity, unitPrice, kind: "merchandise" })),
  };
  const context = { commandId: newId(), correlationId: newId(), actor: "import:test", occurredAt: at };
  await shop.services.execute(order, command.orderId, command, context);
}

const parsed = (text: string): readonly Row[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);

async function rowsOf(feed: string, query = "?limit=1000000"): Promise<readonly Row[]> {
  return parsed(expectStatus(200, await shop.anyone.get(`${FEEDS}/${feed}${query}`)).body);
}

/** What a summary must come to, reckoned from the rows themselves. */
function sums(rows: readonly Row[]): Sums {
  const amounts = new Map<string, Big>();
  for (const { amount = "0", currency } of rows)
    if (typeof currency === "string") amounts.set(currency, (amounts.get(currency) ?? Big(0)).plus(amount));
  const exact = ([currency, sum]: [string, Big]) => [currency, withDigits(sum)];
  return {
    rows: rows.length,
    quantity: rows.reduce((sum, { quantity = 0 }) => sum + quantity, 0),
    amounts: Object.fromEntries([...amounts].map(exact)),
  };
}
const withDigits = (sum: Big): string =>
  (sum.toFixed().split(".")[1]?.length ?? 0) < 2 ? sum.toFixed(2) : sum.toFixed();

function groupsOf(rows: readonly Row[], by: string): Record<string, Sums> {
  const keyOf = (row: Row) => String(by === "month" ? row.occurredAt.slice(0, 7) : row[by]);
  const keys = [...new Set(rows.map(keyOf))];
  return Object.fromEntries(keys.map((key) => [key, sums(rows.filter((row) => keyOf(row) === key))]));
}

const NAMES = ["order-lines", "orders", "stock-movements", "products", "cart-events", "audit"];

test("the feeds say what they are, how many rows they have and what they can be grouped by", async () => {
  const { items } = expectStatus(200, await shop.anyone.get(FEEDS)).body;
  expect(items.map(({ name }: { name: string }) => name)).toEqual(NAMES);
  for (const { name, description, dimensions, rows } of items) {
    expect(description.length).toBeGreaterThan(50);
    expect(dimensions).toContain("month");
    expect(rows).toBe((await rowsOf(name)).length);
    expect(rows).toBeGreaterThan(0);
  }
});

describe.each(NAMES)("the feed %s", (name) => {
  test("is one JSON text a line, in the order of the log", async () => {
    const answer = expectStatus(200, await shop.anyone.get(`${FEEDS}/${name}`));
    expect(answer.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
    expect(answer.body.endsWith("\n")).toBe(true);
    const rows = parsed(answer.body);
    const cursors = rows.map(({ cursor }) => cursor);
    expect(cursors).toEqual([...new Set(cursors)].sort());
    const positions = rows.map(({ position }) => BigInt(position));
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    for (const { occurredAt } of rows) expect(occurredAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test("is packed for those who ask", async () => {
    const headers = { "accept-encoding": "gzip" };
    const response = await request(`${shop.url}${FEEDS}/${name}`, { headers });
    expect(response.headers["content-encoding"]).toBe("gzip");
    const unpacked = gunzipSync(Buffer.from(await response.body.arrayBuffer())).toString();
    expect(parsed(unpacked)).toEqual(await rowsOf(name));
  });

  test("goes on after any row", async () => {
    const all = await rowsOf(name);
    for (const index of [0, Math.floor(all.length / 2), all.length - 2, all.length - 1]) {
      const cursor = all[index]?.cursor;
      if (cursor === undefined) continue;
      expect(await rowsOf(name, `?after=${cursor}`)).toEqual(all.slice(index + 1));
      expect(await rowsOf(name, `?after=${cursor}&limit=1`)).toEqual(all.slice(index + 1, index + 2));
    }
  });

  test("is summed up by every dimension, exactly", async () => {
    const { items } = (await shop.anyone.get(FEEDS)).body;
    const { dimensions } = items.find((each: { name: string }) => each.name === name) as { dimensions: string[] };
    const rows = await rowsOf(name);
    for (const by of dimensions) {
      const { body } = expectStatus(200, await shop.anyone.get(`${FEEDS}/${name}/summary?groupBy=${by}`));
      expect(body.feed).toBe(name);
      expect(body.total).toEqual(sums(rows));
      const groups = body.groups.map(({ key, ...rest }: { key: string | null } & Sums) => [String(key), rest]);
      expect(Object.fromEntries(groups)).toEqual(groupsOf(rows, by));
      expect(groups).toHaveLength(Object.keys(groupsOf(rows, by)).length);
    }
    expect((await shop.anyone.get(`${FEEDS}/${name}/summary`)).body).toMatchObject({ groups: [], total: sums(rows) });
  });
});

describe("sales", () => {
  const summary = async (query: string) =>
    expectStatus(200, await shop.anyone.get(`${FEEDS}/order-lines/summary?${query}`)).body;

  test("add up in every digit, by month", async () => {
    const { groups } = await summary("groupBy=month&filter=source:test");
    expect(groups).toEqual([
      // 6 × 2.55 + 6 × 3.39 + 3 × 0.001 + 80995 × 0.003
      { key: "2010-12", rows: 5, quantity: 81_011, amounts: { GBP: "278.628" } },
      { key: "2011-01", rows: 2, quantity: -3, amounts: { GBP: "-32.605" } },
      { key: "2011-08", rows: 2, quantity: 2, amounts: { GBP: "-0.001" } },
    ]);
  });

  test("of customers, with those of guests beside them", async () => {
    const { groups } = await summary("groupBy=customer&filter=source:test");
    expect(groups).toEqual([
      { key: "17850", rows: 5, quantity: 12, amounts: { GBP: "3.038" } },
      { key: null, rows: 4, quantity: 80_998, amounts: { GBP: "242.984" } },
    ]);
  });

  test("of a time, a country, a kind, an article", async () => {
    expect((await summary("from=2010-12-31T00:00:00Z&to=2011-01-01T00:00:00Z")).total.rows).toBe(2);
    expect((await summary("from=2011-01-01T00:00:00Z&to=2011-01-02T00:00:00Z")).total.rows).toBe(2);
    expect((await summary("filter=country:EIRE")).total).toMatchObject({ rows: 2, amounts: { GBP: "242.985" } });
    expect((await summary("filter=kind:credit-note&filter=sku:D")).total.amounts).toEqual({ GBP: "-27.505" });
    expect((await summary("filter=kind:nothing")).total).toEqual({ rows: 0, quantity: 0, amounts: {} });
  });

  test("of the shop's own: a cancelled order takes back what it said, a declined one says nothing", async () => {
    const { groups } = await summary("groupBy=kind&filter=source:shop&filter=sku:MUG");
    expect(groups).toEqual([
      { key: "cancellation", rows: 1, quantity: -1, amounts: { GBP: "-3.95" } },
      { key: "sale", rows: 3, quantity: 6, amounts: { GBP: "23.70" } },
    ]);
    const orders = (await shop.anyone.get(`${FEEDS}/orders/summary?groupBy=status&filter=source:shop`)).body;
    const rows = Object.fromEntries(orders.groups.map((each: { key: string } & Sums) => [each.key, each.rows]));
    expect(rows).toEqual({ placed: 4, confirmed: 3, cancelled: 2 });
    const books = (await shop.admin.get("/admin/v1/orders?source=shop&status=confirmed")).body.items;
    const grand = books.reduce((sum: Big, { totals }: { totals: { grand: string } }) => sum.plus(totals.grand), Big(0));
    expect(orders.total.amounts).toEqual({ GBP: grand.toFixed(2) });
  });

  test("and of stock: what the movements come to is what there is", async () => {
    const { groups } = (await shop.anyone.get(`${FEEDS}/stock-movements/summary?groupBy=sku`)).body;
    const { onHand } = (await shop.admin.get(`/admin/v1/stock/main/${article.sku}`)).body;
    expect(groups).toContainEqual(expect.objectContaining({ key: article.sku, quantity: onHand }));
  });
});

test("who resumes while rows are being added misses none and sees none twice", async () => {
  const before = (await rowsOf("stock-movements")).at(-1)?.cursor ?? "";
  const RECEIPTS = 400;
  let left = RECEIPTS;
  const writer = async () => {
    while (left-- > 0)
      expectStatus(200, await shop.admin.post(`/admin/v1/stock/main/${article.sku}/receipts`, { quantity: 1 }));
  };
  const seen: Row[] = [];
  const reader = async (limit: number, into: Row[]) => {
    let cursor = before;
    while (into.length < RECEIPTS) {
      const rows = await rowsOf("stock-movements", `?after=${cursor}&limit=${limit}`);
      expect(rows.length).toBeLessThanOrEqual(limit);
      into.push(...rows);
      cursor = rows.at(-1)?.cursor ?? cursor;
    }
  };
  const others: Row[] = [];
  // Many at once, so that the log takes them several at a time.
  await Promise.all([...Array.from({ length: 16 }, writer), reader(7, seen), reader(1_000, others)]);
  await atRest(shop);
  const all = await rowsOf("stock-movements", `?after=${before}&limit=100000`);
  expect(all).toHaveLength(RECEIPTS);
  expect(seen).toEqual(all);
  expect(others).toEqual(all);
});

test("a sum is of the position it names, however often it is asked for while rows are added", async () => {
  const at = `${FEEDS}/stock-movements/summary?filter=location:attic`;
  let reached = -1n;
  let counted = 0;
  for (let n = 1; n <= 30; n++) {
    const received = await shop.admin.post(`/admin/v1/stock/attic/${article.sku}/receipts`, { quantity: 1 });
    const [kept, exact] = await Promise.all([shop.anyone.get(at), shop.anyone.get(at, after(received))]);
    expect(exact.body.total.rows).toBe(n);
    expect(kept.body.total.rows).toBeGreaterThanOrEqual(counted);
    expect(BigInt(exact.body.position)).toBeGreaterThan(reached);
    reached = BigInt(exact.body.position);
    counted = exact.body.total.rows;
  }
});

test("figures for monitoring are the analytics' own, whichever process says them", async () => {
  const second = await startShop({ ...shop.options, beforeOpening: undefined });
  const caller = new Caller(second.url);
  const figure = (text: string, name: string) => {
    const line = text.split("\n").find((each) => each.startsWith(`millrace_${name} `));
    return line === undefined ? undefined : Number(line.split(" ")[1]);
  };
  try {
    const { total } = (await shop.anyone.get(`${FEEDS}/orders/summary`)).body;
    const { total: placed } = (await shop.anyone.get(`${FEEDS}/orders/summary?filter=status:placed`)).body;
    const { total: cancelled } = (await shop.anyone.get(`${FEEDS}/orders/summary?filter=status:cancelled`)).body;
    const told = await eventually(async () => {
      const { body } = await caller.get("/metrics");
      return figure(body, 'revenue{currency="GBP"}') === undefined ? undefined : (body as string);
    });
    expect(figure(told, 'revenue{currency="GBP"}')).toBe(Number(total.amounts.GBP));
    expect(figure(told, 'order_steps_total{step="placed"}')).toBe(placed.rows);
    expect(figure(told, 'orders{state="cancelled"}')).toBe(cancelled.rows);
    expect(figure(told, 'orders{state="imported"}')).toBe(4);
    expect(figure(told, 'cart_steps_total{step="checked-out"}')).toBe(placed.rows);
  } finally {
    await caller.close();
    await second.stop();
  }
});

test("a cart that nobody touches is abandoned, until somebody does; what is checked out never is", async () => {
  const abandoned = async (after: number) => {
    const metrics = new Metrics({ process: false });
    registerBusinessFigures(metrics, shop.engine, after);
    return /^millrace_carts_abandoned (\d+)$/m.exec(await metrics.expose())?.[1];
  };
  expectStatus(201, await shop.anyone.post("/store/v1/carts", { currency: "GBP", country: "GB" }));
  await atRest(shop);
  await eventually(async () => (await abandoned(1)) === "1");
  expect(await abandoned(3_600_000)).toBe("0");
});

describe("what is not there is refused", () => {
  test.each([
    ["/nothing", 404, "not-found", undefined],
    ["/nothing/summary", 404, "not-found", undefined],
    ["/orders?after=nonsense", 400, "invalid-query", "after"],
    ["/orders?limit=0", 400, "invalid-query", "limit"],
    ["/orders?since=yesterday", 400, "invalid-query", "since"],
    ["/orders/summary?groupBy=colour", 422, "invalid-request", "groupBy"],
    ["/orders/summary?groupBy=$where", 422, "invalid-request", "groupBy"],
    ["/orders/summary?filter=colour:red", 422, "invalid-request", "filter"],
    ["/orders/summary?filter=kind", 400, "invalid-query", "filter"],
    ["/orders/summary?from=yesterday", 400, "invalid-query", "from"],
  ])("%s: %i %s", async (path, status, code, field) => {
    const answer = await shop.anyone.get(FEEDS + path);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.body.errors?.[0].path).toBe(field);
  });

  test("also for callers from elsewhere without the right key", async () => {
    const elsewhere = shop.anyone.with({ "X-Forwarded-For": "203.0.113.7" });
    expect((await elsewhere.get(FEEDS)).status).toBe(401);
    const [analyst, support] = [await shop.keys.create("a", ["analyst"]), await shop.keys.create("s", ["support"])];
    expect((await elsewhere.as(analyst).get(FEEDS)).status).toBe(200);
    expect((await elsewhere.as(support).get(FEEDS)).status).toBe(403);
  });
});
