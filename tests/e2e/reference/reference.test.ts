import { after } from "../../support/consistency";
import { startTestShop, type TestShop } from "../../support/shop";

let shop: TestShop;
beforeAll(async () => (shop = await startTestShop()));
afterAll(() => shop.stop());

const base = "/reference/v1";

describe("what everybody may read", () => {
  test("currencies, with the digits that can be paid", async () => {
    const { status, headers, body } = await shop.anyone.get(`${base}/currencies`);
    expect([status, headers["cache-control"]]).toEqual([200, "public, max-age=60, stale-while-revalidate=600"]);
    expect(body.items.length).toBeGreaterThan(150);
    expect(body.items).toContainEqual(expect.objectContaining({ code: "JPY", fractionDigits: 0, numeric: "392" }));
    const again = await shop.anyone.get(`${base}/currencies`, { headers: { "If-None-Match": headers["etag"] ?? "" } });
    expect(again.status).toBe(304);
    expect((await shop.anyone.get(`${base}/currencies/GBP`)).body).toMatchObject({ code: "GBP", withdrawn: false });
  });

  test("countries, with the tax rates in force", async () => {
    const { body } = await shop.anyone.get(`${base}/countries`);
    expect(body.items).toHaveLength(249);
    const gb = body.items.find(({ code }: { code: string }) => code === "GB");
    expect(gb).toMatchObject({ taxRegime: "inclusive", taxRates: { standard: expect.stringMatching(/^0\.20*$/) } });
    expect((await shop.anyone.get(`${base}/countries/GB`)).body).toEqual(gb);
  });

  test("tax rates of a country, a category, a time", async () => {
    const { body } = await shop.anyone.get(`${base}/tax-rates?country=GB`);
    expect(body.items.map(({ category }: { category: string }) => category)).toContain("standard");
    const standard = await shop.anyone.get(`${base}/tax-rates?country=GB&category=standard`);
    expect(standard.body.items).toHaveLength(1);
    expect((await shop.anyone.get(`${base}/tax-rates?country=GB&at=1900-01-01T00:00:00Z`)).body.items).toEqual([]);
  });

  test.each([
    ["/currencies/XXZ", 404, "currency-not-found"],
    ["/currencies/pound", 404, "not-found"],
    ["/countries/ZZ", 404, "country-not-found"],
    ["/tax-rates?country=Britain", 400, "invalid-query"],
    ["/tax-rates?at=yesterday", 400, "invalid-query"],
    ["/currencies?colour=red", 400, "invalid-query"],
  ])("%s: %i %s", async (path, status, code) => {
    const answer = await shop.anyone.get(base + path);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe("what back offices may change", () => {
  test("only they", async () => {
    for (const path of ["/currencies/XTS", "/countries/XK", "/tax-rates/GB/standard"])
      expect((await shop.anyone.put(base + path, {})).status).toBe(401);
  });

  test("a currency: added, corrected, withdrawn, brought back", async () => {
    const path = `${base}/currencies/XTS`;
    const added = await shop.admin.put(path, { name: "Test", fractionDigits: 3 });
    expect([added.status, added.headers["location"]]).toEqual([201, path]);
    expect(added.body).toEqual({ code: "XTS", name: "Test", fractionDigits: 3, numeric: null, withdrawn: false });
    const corrected = await shop.admin.put(path, { name: "Test", fractionDigits: 2, numeric: "963" });
    expect([corrected.status, corrected.body.fractionDigits]).toEqual([200, 2]);
    const withdrawn = await shop.admin.delete(path);
    expect([withdrawn.status, withdrawn.body.withdrawn]).toEqual([200, true]);
    expect((await shop.anyone.get(path, after(withdrawn))).body.withdrawn).toBe(true);
    const codes = async (query = "") =>
      (await shop.anyone.get(`${base}/currencies${query}`, after(withdrawn))).body.items.map(
        ({ code }: { code: string }) => code,
      );
    expect(await codes()).not.toContain("XTS");
    expect(await codes("?withdrawn=true")).toContain("XTS");
    await shop.admin.put(path, { name: "Test", fractionDigits: 2 });
    expect((await shop.anyone.get(path)).body.withdrawn).toBe(false);
    expect((await shop.admin.delete(`${base}/currencies/XXZ`)).body.code).toBe("currency-not-found");
  });

  test("a tax rate: the new one holds from its day on, the old one until then", async () => {
    const path = `${base}/tax-rates/GB/books`;
    await shop.admin.put(path, { rate: "0", validFrom: "2020-01-01T00:00:00Z" });
    const later = await shop.admin.put(path, { rate: "0.05", validFrom: "2030-01-01T00:00:00Z" });
    expect(later.body).toEqual({ country: "GB", category: "books", rate: "0.05", validFrom: "2030-01-01T00:00:00Z" });
    const rateAt = async (at: string) =>
      (await shop.anyone.get(`${base}/tax-rates?country=GB&category=books&at=${at}`, after(later))).body.items[0]?.rate;
    expect(await rateAt("2019-12-31T23:59:59Z")).toBeUndefined();
    expect(await rateAt("2029-12-31T23:59:59Z")).toBe("0");
    expect(await rateAt("2030-01-01T00:00:00Z")).toBe("0.05");
    expect((await shop.anyone.get(`${base}/countries/GB`, after(later))).body.taxRates.books).toBe("0");
  });

  test("the same request again gives the first answer and changes nothing", async () => {
    const put = () =>
      shop.admin.put(`${base}/tax-rates/GB/gifts`, { rate: "0.1" }, { "Idempotency-Key": "gifts are taxed now" });
    const [first, second] = [await put(), await put()];
    expect(second.body).toEqual(first.body);
    expect(second.headers["etag"]).toBe(first.headers["etag"]);
    const other = await shop.admin.put(
      `${base}/tax-rates/GB/gifts`,
      { rate: "0.2" },
      { "Idempotency-Key": "gifts are taxed now" },
    );
    expect([other.status, other.body.code]).toEqual([422, "idempotency-key-reused"]);
  });

  test.each<[path: string, body: object, field: string]>([
    ["/currencies/XTS", { name: "Test" }, "fractionDigits"],
    ["/currencies/XTS", { name: "Test", fractionDigits: 5 }, "fractionDigits"],
    ["/currencies/XTS", { name: "Test", fractionDigits: 2, symbol: "¤" }, "symbol"],
    ["/countries/GB", { name: "United Kingdom", taxRegime: "none" }, "taxRegime"],
    ["/tax-rates/GB/standard", { rate: 0.2 }, "rate"],
    ["/tax-rates/GB/standard", { rate: "20" }, "rate"],
    ["/tax-rates/GB/standard", { rate: "0.2", validFrom: "soon" }, "validFrom"],
  ])("%s refuses %j for %s", async (path, body, field) => {
    const answer = await shop.admin.put(base + path, body);
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, field]);
  });
});
