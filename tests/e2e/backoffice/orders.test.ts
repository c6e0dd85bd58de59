import { encodeToken } from "../../../src/api/http/consistency";
import { order, type OrderCommand } from "../../../src/domains/ordering";
import { type CountryCode, type CurrencyCode, type OrderId, type Timestamp } from "../../../src/domains/kernel";
import { newId } from "../../../src/infra/runtime";
import { after } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy, expectStatus } from "../../support/shopper";

let shop: TestShop;
let sku: string;
beforeAll(async () => {
  shop = await startTestShop({ seed: true });
  const { body } = expectStatus(200, await shop.anyone.get("/store/v1/products?inStock=true&limit=1"));
  sku = body.items[0].sku;
});
afterAll(() => shop.stop());

const ORDERS = "/admin/v1/orders";

async function confirmed(quantity = 2) {
  const { answer } = await buy(shop.anyone, [{ sku, quantity }]);
  expect(answer.body).toMatchObject({ status: "confirmed" });
  return answer.body as { id: string; number: string; totals: { grand: { amount: string } } };
}
/** With everything that has been done so far. */
async function level() {
  const token = encodeToken(await shop.engine.log.endPosition());
  const answer = await shop.admin.get(`/admin/v1/stock/main/${sku}`, after(token));
  return expectStatus(200, answer).body;
}

describe("an order", () => {
  test("is found by its number however it is typed, by e-mail and by time", async () => {
    const { id, number } = await confirmed();
    const spoken = encodeURIComponent(number.toLowerCase().replaceAll("-", " ").replaceAll("0", "o"));
    expect((await shop.admin.get(`${ORDERS}?number=${spoken}`)).body).toMatchObject({ total: 1, items: [{ id }] });
    const found = await shop.admin.get(`${ORDERS}?email=ada@example.org&status=confirmed&kind=order&limit=1`);
    expect(found.body.items[0]).toMatchObject({ id, email: "ada@example.org", payment: { status: "authorised" } });
    const from = new Date(Date.now() - 60_000).toISOString();
    expect((await shop.admin.get(`${ORDERS}?from=${from}`)).body.total).toBeGreaterThan(0);
    expect((await shop.admin.get(`${ORDERS}?to=2000-01-01T00:00:00Z`)).body).toMatchObject({ total: 0, items: [] });
    expectStatus(400, await shop.admin.get(`${ORDERS}?status=lost`));
  });

  test("is listed newest first, page by page", async () => {
    const made = [await confirmed(1), await confirmed(1), await confirmed(1)].map(({ id }) => id).reverse();
    const first = (await shop.admin.get(`${ORDERS}?limit=2`)).body;
    const second = (await shop.admin.get(`${ORDERS}?limit=2&cursor=${first.nextCursor}`)).body;
    const ids = [...first.items, ...second.items].map(({ id }: { id: string }) => id);
    expect(ids.slice(0, 3)).toEqual(made);
    expect(first.total).toBe(second.total);
  });

  test("tells its whole history, across order, checkout and payment, without the shopper's token", async () => {
    const { id } = await confirmed();
    const { body } = expectStatus(200, await shop.admin.get(`${ORDERS}/${id}/history`));
    const types = body.events.map(({ type }: { type: string }) => type);
    for (const type of ["CheckoutStarted", "OrderPlaced", "PaymentAuthorised", "OrderConfirmed"]) {
      expect(types).toContain(type);
    }
    expect(types.indexOf("OrderPlaced")).toBeLessThan(types.indexOf("OrderConfirmed"));
    const positions = body.events.map(({ position }: { position: string }) => BigInt(position));
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
    expect(JSON.stringify(body)).not.toContain("tok_approve");
    const correlations = new Set(
      body.events.map((event: { why: { correlationId: string } }) => event.why.correlationId),
    );
    expect(correlations.size).toBeLessThanOrEqual(2);
    const checkout = expectStatus(200, await shop.admin.get(`/admin/v1/streams/checkout/${id}`));
    expect(checkout.body.state).toMatchObject({ status: "confirmed" });
    expectStatus(404, await shop.admin.get(`${ORDERS}/${newId()}/history`));
  });

  test("is cancelled with a reason, and everything is given back", async () => {
    const before = await level();
    const { id } = await confirmed();
    const at = `${ORDERS}/${id}`;
    const { headers } = expectStatus(200, await shop.admin.get(at));
    const body = { reason: "changed-mind", note: "rang us at noon" };
    expectStatus(412, await shop.admin.post(`${at}/cancel`, body, { "If-Match": '"0"' }));
    const key = { "Idempotency-Key": newId(), "If-Match": headers["etag"] ?? "" };
    const cancelled = expectStatus(200, await shop.admin.post(`${at}/cancel`, body, key));
    expect(cancelled.body).toMatchObject({ id, status: "cancelled" });
    expect((await shop.admin.post(`${at}/cancel`, body, key)).body).toEqual(cancelled.body);
    await eventually(async () => {
      const { available } = await level();
      const { payment } = (await shop.admin.get(at)).body;
      return available === before.available && payment.status === "voided";
    });
    expect((await shop.admin.get(at)).body).toMatchObject({ reason: "changed-mind", note: "rang us at noon" });
    expect((await shop.admin.post(`${at}/complete`)).body.code).toBe("order-cancelled");
    expectStatus(422, await shop.admin.post(`${at}/cancel`, {}));
    expectStatus(404, await shop.admin.post(`${ORDERS}/${newId()}/cancel`, body));
  });

  test("is completed: its stock leaves the house and its money is taken", async () => {
    const before = await level();
    const { id, totals } = await confirmed();
    const at = `${ORDERS}/${id}`;
    expectStatus(200, await shop.admin.post(`${at}/complete`));
    await eventually(async () => {
      const { payment } = (await shop.admin.get(at)).body;
      const { onHand, reserved } = await level();
      return payment.captured === totals.grand.amount && onHand === before.onHand - 2 && reserved === before.reserved;
    });
    expect((await shop.admin.post(`${at}/cancel`, { reason: "late" })).body.code).toBe("order-completed");
  });

  test("that is completed without the goods shows why, and is shipped once they are received", async () => {
    const stock = `/admin/v1/stock/main/${sku}`;
    const { onHand } = await level();
    expectStatus(200, await shop.admin.put(`${stock}/backorder`, { allowBackorder: true }));
    const { id } = await confirmed(onHand + 3);
    expectStatus(200, await shop.admin.put(`${stock}/backorder`, { allowBackorder: false }));
    expectStatus(200, await shop.admin.post(`${ORDERS}/${id}/complete`));
    const at = `/operations/v1/processes/checkout/${id}`;
    await eventually(async () => {
      expect((await shop.admin.get(at)).body).toMatchObject({
        state: "stuck",
        cause: { message: expect.stringMatching(/insufficient-stock: Only \d+ pieces of .+ are on hand/) },
      });
      return true;
    });
    expectStatus(200, await shop.admin.post(`${stock}/receipts`, { quantity: 3 }));
    expectStatus(202, await shop.admin.post(`${at}/retry`, { reason: "received" }));
    await eventually(async () => (await level()).onHand === 0);
    await eventually(async () => (await shop.admin.get(at)).status === 404);
    const { payment } = (await shop.admin.get(`${ORDERS}/${id}`)).body;
    expect(payment).toMatchObject({ status: "captured" });
    expectStatus(200, await shop.admin.post(`${stock}/receipts`, { quantity: 100 }));
  });

  test("is paid in parts and paid back in parts, never more than there is", async () => {
    const { id, totals } = await confirmed();
    const at = `${ORDERS}/${id}`;
    const grand = totals.grand.amount;
    const payment = expectStatus(200, await shop.admin.get(`${at}/payment`));
    expect(payment.body).toMatchObject({ status: "authorised", authorised: grand, captured: "0" });
    const ifMatch = { "If-Match": payment.headers["etag"] ?? "", "Idempotency-Key": newId() };
    const part = expectStatus(200, await shop.admin.post(`${at}/capture`, { amount: "1.50" }, ifMatch));
    expect(part.body).toMatchObject({ status: "captured", captured: "1.5" });
    expect((await shop.admin.post(`${at}/capture`, { amount: "1.50" }, ifMatch)).body).toEqual(part.body);
    expectStatus(412, await shop.admin.post(`${at}/capture`, { amount: "1" }, { "If-Match": '"0"' }));
    expect((await shop.admin.post(`${at}/capture`, { amount: "99999" })).body.code).toBe("exceeds-authorisation");
    expect((await shop.admin.post(`${at}/capture`, { amount: "0.001" })).body.code).toBe("amount-not-payable");
    expectStatus(422, await shop.admin.post(`${at}/capture`, { amount: 1 }));
    expectStatus(200, await shop.admin.post(`${at}/capture`));
    expect((await shop.admin.post(`${at}/refund`, { amount: "99999", reason: "x" })).body.code).toBe("exceeds-capture");
    expectStatus(422, await shop.admin.post(`${at}/refund`, { amount: "1" }));
    const refunded = expectStatus(200, await shop.admin.post(`${at}/refund`, { amount: "0.50", reason: "scratched" }));
    expect(refunded.body).toMatchObject({ status: "captured", refunded: "0.5" });
    const rest = expectStatus(200, await shop.admin.post(`${at}/refund`, { reason: "sent back" }));
    expect(rest.body.status).toBe("refunded");
    expect((await shop.admin.post(`${at}/refund`, { reason: "again" })).body.code).toBe("nothing-to-refund");
  });
});

test("an imported document is shown with its lines and can be changed no more", async () => {
  const orderId = newId() as OrderId;
  const command: OrderCommand = {
    type: "ImportCreditNote",
    at: "2010-12-01T09:41:00.000Z" as Timestamp,
    orderId,
    number: "C536379",
    source: "test",
    customer: "14527",
    country: "EIRE",
    countryCode: "IE" as CountryCode,
    currency: "GBP" as CurrencyCode,
    lines: [{ sku: "D", name: "Discount", quantity: -1, unitPrice: "27.50", kind: "charge" }],
  };
  const context = { commandId: newId(), correlationId: newId(), actor: "import:test", occurredAt: command.at };
  await shop.services.execute(order, orderId, command, context);
  const { body } = expectStatus(200, await shop.admin.get(`${ORDERS}/${orderId}`));
  expect(body).toMatchObject({ kind: "credit-note", number: "C536379", status: "imported", lines: command.lines });
  expect(body).toMatchObject({ placedAt: command.at, totals: { grand: "-27.50" }, payment: null });
  const found = await shop.admin.get(`${ORDERS}?number=c536379&customer=14527&kind=credit-note`);
  expect(found.body).toMatchObject({ total: 1, items: [{ id: orderId }] });
  expect((await shop.admin.post(`${ORDERS}/${orderId}/cancel`, { reason: "x" })).body.code).toBe("order-imported");
  expect((await shop.admin.post(`${ORDERS}/${orderId}/capture`)).body.code).toBe("order-without-payment");
  const past = await shop.admin.get(`/admin/v1/streams/order/${orderId}?at=2010-12-31T00:00:00Z`);
  expect(past.body).toMatchObject({ revision: 0, state: { status: "imported" } });
});
