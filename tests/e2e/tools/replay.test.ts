import { join } from "node:path";
import { replayOnlineRetail, type ReplayOptions } from "../../../src/tools/online-retail/replay/replay";
import { ADMIN_KEY, startTestShop, type TestShop } from "../../support/shop";

/** Sales invoices through the front door of a shop that goes away in between. */

const FILE = join(__dirname, "../../fixtures/online-retail/excerpt.csv");

let shop: TestShop;
const options = (over: Partial<ReplayOptions> = {}): ReplayOptions => ({
  url: () => shop.url,
  key: ADMIN_KEY,
  source: FILE,
  run: "test",
  concurrency: 4,
  ...over,
});

beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.stop());

it("is given up by its user in the middle", async () => {
  const user = new AbortController();
  const progress: ReplayOptions["progress"] = (phase, done) => {
    if (phase === "shop" && done === 3) user.abort();
  };
  await expect(replayOnlineRetail(options({ signal: user.signal, progress }))).rejects.toThrow("aborted");
});

it("goes on where it was left, while the shop is started again at another address, and adds up", async () => {
  let restarted: Promise<void> | undefined;
  const before = shop.url;
  const report = await replayOnlineRetail(
    options({
      progress(phase, done) {
        if (phase !== "shop" || done < 2) return;
        restarted ??= shop.restart().then((again) => {
          shop = again;
        });
      },
    }),
  );
  await restarted;
  expect(shop.url).not.toBe(before);
  expect(report).toMatchObject({ refused: [], accounting: { faults: [], cancelled: 0 }, addsUp: true });
  expect(report.before).toBeGreaterThanOrEqual(3);
  expect(report.accounting.confirmed).toBe(report.invoices);
  expect(report.before + report.orders).toBe(report.invoices);
  expect(report.accounting.reserved).toBeGreaterThan(0);
  expect(report.accounting.received - report.accounting.reserved).toBe(report.accounting.available);
});

it("does nothing that was done", async () => {
  const report = await replayOnlineRetail(options());
  expect(report).toMatchObject({ before: report.invoices, orders: 0, requests: 0, addsUp: true });
});

it("begins anew under another name", async () => {
  const report = await replayOnlineRetail(options({ run: "again", invoices: 3 }));
  expect(report).toMatchObject({ before: 0, orders: 3, invoices: 3, addsUp: true });
});
