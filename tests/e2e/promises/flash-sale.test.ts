import { type Article, makeArticles } from "../../support/articles";
import { seen } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { type Answer, type Caller } from "../../support/http";
import { startTestShop, type TestShop } from "../../support/shop";
import { ADDRESS, checkOut, expectStatus, openCart, type Shopper } from "../../support/shopper";

/** Stock is never oversold, however many buy at once. */

const BUYERS = 1_000;
const PIECES = 100;
/** Every so many buyers have a second article in the cart, which must be let go when the first is sold out. */
const TWO_LINES = 4;
/** A busy machine may take its time; what counts is how it ends. */
const PATIENCE = 300_000;

interface Buyer extends Shopper {
  readonly lines: number;
}

let shop: TestShop;
let crowd: Caller;
let scarce: Article;
let plenty: Article;
let buyers: readonly Buyer[];
let orders: readonly Answer[];

beforeAll(async () => {
  shop = await startTestShop({ paymentTimeout: 600 });
  crowd = shop.anyone.atOnce(BUYERS);
  [scarce, plenty] = (await makeArticles(shop.admin, [
    { sku: "FLASH-1", price: "5.00", stock: PIECES },
    { sku: "PLENTY-1", price: "1.00", stock: BUYERS },
  ])) as [Article, Article];
  buyers = await Promise.all(Array.from({ length: BUYERS }, (_, index) => prepare(index)));
  orders = await Promise.all(buyers.map(buyAndSee));
}, PATIENCE);
afterAll(async () => {
  await crowd.close();
  await shop.stop();
});

/** A cart with all that checkout needs. */
async function prepare(index: number): Promise<Buyer> {
  const shopper = await openCart(crowd);
  const { caller, cart } = shopper;
  const skus = index % TWO_LINES === 0 ? [plenty.sku, scarce.sku] : [scarce.sku];
  const add = (sku: string) => caller.post(`${cart}/items`, { sku, quantity: 1 }, seen(scarce));
  const answers = await Promise.all([
    ...skus.map(add),
    caller.put(`${cart}/email`, { email: `buyer-${index}@example.org` }),
    caller.put(`${cart}/shipping-address`, ADDRESS),
    caller.put(`${cart}/shipping-method`, { id: "standard" }),
  ]);
  for (const answer of answers) expectStatus(200, answer);
  return { ...shopper, lines: skus.length };
}

/** What the buyer is told in the end: by the checkout itself, unless the machine is too busy for that. */
async function buyAndSee(shopper: Shopper): Promise<Answer> {
  const placed = expectStatus(201, await checkOut(shopper, { wait: true }));
  if (placed.body.status !== "placed") return placed;
  return eventually(async () => {
    const read = expectStatus(200, await shopper.caller.get(placed.headers["location"] ?? ""));
    return read.body.status === "placed" ? undefined : read;
  }, PATIENCE);
}

const ended = (status: string) => orders.filter(({ body }) => body.status === status);

async function levelOf(sku: string) {
  const { onHand, reserved, available, reservations } = (await shop.admin.get(`/admin/v1/stock/main/${sku}`)).body;
  return { onHand, reserved, available, reservations };
}

interface StockEvent {
  readonly type: string;
  readonly data: { readonly reservationId: string; readonly orderId?: string; readonly quantity: number };
}

/** All events of an article's stock, and what they leave. */
async function stockStream(sku: string) {
  const events: StockEvent[] = [];
  for (let from = 0; ;) {
    const path = `/admin/v1/streams/stock/main-${sku}?limit=1000&from=${from}`;
    const { body } = expectStatus(200, await shop.admin.get(path));
    events.push(...body.events);
    if (body.nextFrom === null) return { events, state: body.state };
    from = body.nextFrom;
  }
}

const ofType = (events: readonly StockEvent[], type: string) => events.filter((event) => event.type === type);
const idsOf = (answers: readonly Answer[]) => answers.map(({ body }) => body.id as string).sort();

describe(`${BUYERS} buyers race for ${PIECES} pieces`, () => {
  test("as many orders are confirmed as there are pieces, all others are told that it is sold out", async () => {
    const reasons = new Set(ended("cancelled").map(({ body }) => body.reason));
    expect({ confirmed: ended("confirmed").length, cancelled: ended("cancelled").length, reasons }).toEqual({
      confirmed: PIECES,
      cancelled: BUYERS - PIECES,
      reasons: new Set(["out-of-stock"]),
    });
    expect(new Set(orders.map(({ body }) => body.id)).size).toBe(BUYERS);
    expect(new Set(orders.map(({ body }) => body.number)).size).toBe(BUYERS);
    for (const [status, total] of [
      ["confirmed", PIECES],
      ["cancelled", BUYERS - PIECES],
      ["placed", 0],
    ] as const)
      // prettier-ignore
      expect((await shop.admin.get(`/admin/v1/orders?status=${status}&limit=1`)).body.total).toBe(total);
  });

  test("a buyer reads the same later as they were told", async () => {
    for (const index of [0, 1, BUYERS - 1]) {
      const order = orders[index] as Answer;
      const read = await (buyers[index] as Buyer).caller.get(`/store/v1/orders/${order.body.id}`);
      expect(read.body).toMatchObject({ status: order.body.status, reason: order.body.reason });
    }
  });

  test("every piece is reserved for a confirmed order, and not one more", async () => {
    await shop.engine.level(PATIENCE);
    expect(await levelOf(scarce.sku)).toEqual({ onHand: PIECES, reserved: PIECES, available: 0, reservations: PIECES });
    const { events, state } = await stockStream(scarce.sku);
    const reserved = ofType(events, "StockReserved");
    expect(reserved.map(({ data }) => data.orderId).sort()).toEqual(idsOf(ended("confirmed")));
    expect(Object.keys(state.reservations).sort()).toEqual(reserved.map(({ data }) => data.reservationId).sort());
    expect(events).toHaveLength(1 + PIECES);
    const { body } = await shop.anyone.get(`/store/v1/products/${scarce.slug}`);
    expect(body).toMatchObject({ available: 0, inStock: false });
  });

  test("no reservation is left hanging for a cancelled order", async () => {
    const confirmed = orders.filter(({ body }, index) => body.status === "confirmed" && buyers[index]?.lines === 2);
    const { events, state } = await stockStream(plenty.sku);
    const held = Object.keys(state.reservations);
    const holders = ofType(events, "StockReserved").filter(({ data }) => held.includes(data.reservationId));
    expect(holders.map(({ data }) => data.orderId).sort()).toEqual(idsOf(confirmed));
    expect(await levelOf(plenty.sku)).toEqual({
      onHand: BUYERS,
      reserved: confirmed.length,
      available: BUYERS - confirmed.length,
      reservations: confirmed.length,
    });
  });

  test("nobody whose order was cancelled has been charged", async () => {
    for (const { body } of ended("cancelled").slice(0, 20)) {
      const { payment } = expectStatus(200, await shop.admin.get(`/admin/v1/orders/${body.id}`)).body;
      expect(Number(payment?.captured ?? 0)).toBe(0);
      expect(["voided", null, undefined]).toContain(payment?.status);
    }
  });

  test("what is completed leaves the house", async () => {
    const shipped = ended("confirmed").slice(0, 5);
    for (const { body } of shipped) expectStatus(200, await shop.admin.post(`/admin/v1/orders/${body.id}/complete`));
    const left = PIECES - shipped.length;
    const level = { onHand: left, reserved: left, available: 0, reservations: left };
    await eventually(async () => (await levelOf(scarce.sku)).onHand === left);
    expect(await levelOf(scarce.sku)).toEqual(level);
  });
});
