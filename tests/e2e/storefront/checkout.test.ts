import { seen } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { type Answer } from "../../support/http";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy, checkOut, expectStatus, fillIn, openCart } from "../../support/shopper";

const FIRST_IN_STOCK = "/store/v1/products?inStock=true&limit=1";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop({ seed: true, paymentTimeout: 1 });
});
afterAll(() => shop.stop());

/** The first article in stock: as of the write that `after` answered, else perhaps older than what was just done. */
async function inStock(after?: Answer): Promise<{ sku: string; available: number; name: string }> {
  const headers = after && seen(after);
  const { body } = expectStatus(200, await shop.anyone.with(headers ?? {}).get(FIRST_IN_STOCK));
  return body.items[0];
}

/** Waits until what `answer`'s order had reserved is free again: its reservation is visible from the answer's token on. */
const givenBack = (available: number, answer: Answer) =>
  eventually(async () => (await inStock(answer)).available === available);

describe("checkout", () => {
  test("from the product list to a confirmed order", async () => {
    const { sku, available } = await inStock();
    const { shopper, answer } = await buy(shop.anyone, [{ sku, quantity: 2 }]);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ status: "confirmed", lines: [{ sku, quantity: 2 }], cartId: shopper.cartId });
    expect(answer.body.number).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}$/);

    const read = await shopper.caller.get(answer.headers["location"] ?? "");
    expect(read.body).toEqual(answer.body);
    const cart = await shopper.caller.get(shopper.cart);
    expect(cart.body).toMatchObject({ status: "checked-out", orderId: answer.body.id });
    expect(await inStock(answer)).toMatchObject({ sku, available: available - 2 });
  });

  test("a declined payment cancels the order and gives the stock back", async () => {
    const { sku, available } = await inStock();
    const { answer } = await buy(shop.anyone, [{ sku, quantity: 1 }], { token: "tok_decline_lost_card" });
    expect(answer.body).toMatchObject({ status: "cancelled", reason: "payment-declined", note: "lost card" });
    await givenBack(available, answer);
  });

  test("a payment that never answers is given up in time", async () => {
    const { sku, available } = await inStock();
    const { answer } = await buy(shop.anyone, [{ sku, quantity: 1 }], { token: "tok_hang" });
    expect(answer.body).toMatchObject({ status: "cancelled", reason: "payment-timeout" });
    await givenBack(available, answer);
  });

  test("more than there is cannot be bought", async () => {
    const { sku, available } = await inStock();
    const { answer } = await buy(shop.anyone, [{ sku, quantity: available + 1 }]);
    expect(answer.body).toMatchObject({ status: "cancelled", reason: "out-of-stock" });
    expect((await inStock()).available).toBe(available);
  });

  test("a cart says what is still missing", async () => {
    const shopper = await openCart(shop.anyone);
    const answer = await checkOut(shopper);
    expect(answer).toMatchObject({ status: 409, body: { code: "cart-incomplete", missing: expect.arrayContaining(["items", "email"]) } }); // prettier-ignore
  });

  test("a cart becomes one order only, however often it is checked out", async () => {
    const { sku } = await inStock();
    const shopper = await openCart(shop.anyone);
    expectStatus(200, await shopper.caller.post(`${shopper.cart}/items`, { sku, quantity: 1 }));
    await fillIn(shopper);
    const answers = await Promise.all([1, 2, 3].map(() => checkOut(shopper)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });
});
