import fc from "fast-check";
import { checkoutEvents } from "../../../../src/domains/ordering";
import { orderId, paymentId } from "../cart/fixtures";
import { ordered, Shop } from "./shop";

const articles = Object.keys(ordered);

function receive(shop: Shop, sku: string, quantity: number): void {
  shop.command("stock", `main-${sku}`, { type: "ReceiveStock", location: "main", sku, quantity });
}
function stocked(quantities: Readonly<Record<string, number>>): Shop {
  const shop = new Shop();
  for (const [sku, quantity] of Object.entries(quantities)) if (quantity > 0) receive(shop, sku, quantity);
  return shop;
}
const approve = (shop: Shop) =>
  shop.command("payment", paymentId, { type: "RecordAuthorisation", paymentId, providerReference: "ref" });
const decline = (shop: Shop) =>
  shop.command("payment", paymentId, { type: "RecordDecline", paymentId, reason: "no funds" });
const cancel = (shop: Shop) => shop.command("order", orderId, { type: "CancelOrder", orderId, reason: "changed mind" });
const complete = (shop: Shop) => shop.command("order", orderId, { type: "CompleteOrder", orderId });

/** Everything is heard, and a provider that stays silent is given up. */
function settle(shop: Shop): void {
  for (let round = 0; round < 20; round++) {
    while (shop.pending > 0) shop.deliver(1);
    shop.passTime(61);
    shop.wake();
  }
}

function expectAgreement(shop: Shop): void {
  const { order, payment, checkout, process } = shop;
  expect(process.wants(checkout)).toEqual([]);
  expect(process.deadline(checkout)).toBeUndefined();
  for (const sku of articles) expect(shop.stock(sku).reserved).toBe(shop.reserved(sku));
  const money = payment.status === "absent" ? { captured: "0", refunded: "0" } : payment;
  switch (order.status) {
    case "cancelled":
      expect(checkout.status).toBe("cancelled");
      for (const sku of articles) expect([shop.reserved(sku), shop.shipped(sku)]).toEqual([0, 0]);
      expect(["absent", "declined", "voided", "refunded"]).toContain(payment.status);
      expect(money.refunded).toBe(money.captured);
      break;
    case "confirmed":
      expect(checkout.status).toBe("confirmed");
      for (const sku of articles) expect([shop.reserved(sku), shop.shipped(sku)]).toEqual([ordered[sku], 0]);
      expect(["authorised", "captured"]).toContain(payment.status);
      break;
    case "completed":
      expect(checkout.status).toBe("completed");
      for (const sku of articles) expect([shop.reserved(sku), shop.shipped(sku)]).toEqual([0, ordered[sku]]);
      expect(payment).toMatchObject({ status: "captured", captured: "8.95" });
      break;
    default:
      throw new Error(`the order is ${order.status} at the end`);
  }
}

describe("checkout", () => {
  it("reserves, asks for the money and confirms", () => {
    const shop = stocked({ A: 2, B: 3 });
    shop.deliver(1);
    expect(shop.payment.status).toBe("requested");
    expect([shop.reserved("A"), shop.reserved("B")]).toEqual([2, 3]);
    approve(shop);
    settle(shop);
    expect(shop.order.status).toBe("confirmed");
    expectAgreement(shop);
  });
  it("cancels what is out of stock and gives the rest free, without asking for money", () => {
    const shop = stocked({ A: 2, B: 2 });
    settle(shop);
    expect(shop.payment.status).toBe("absent");
    expect(shop.checkout).toMatchObject({ status: "cancelled", reason: "out-of-stock" });
    expect(shop.log.at(-1)).toMatchObject({
      type: "OrderCancelled",
      data: { reason: "out-of-stock", note: "Only 2 pieces of B are available.", wasConfirmed: false },
    });
    expectAgreement(shop);
  });
  it("cancels on a decline", () => {
    const shop = stocked({ A: 2, B: 3 });
    shop.deliver(1);
    decline(shop);
    settle(shop);
    expect(shop.checkout).toMatchObject({ status: "cancelled", reason: "payment-declined" });
    expectAgreement(shop);
  });
  it("waits a minute for the provider, and lets a later yes go", () => {
    const shop = stocked({ A: 2, B: 3 });
    shop.deliver(1);
    shop.passTime(59);
    shop.wake();
    expect(shop.checkout.status).toBe("running");
    shop.passTime(1);
    shop.wake();
    expect(shop.checkout).toMatchObject({ status: "cancelled", reason: "payment-timeout" });
    approve(shop);
    settle(shop);
    expect(shop.payment.status).toBe("voided");
    expectAgreement(shop);
  });
  it("a yes that came just before the end of patience counts", () => {
    const shop = stocked({ A: 2, B: 3 });
    shop.deliver(1);
    approve(shop);
    shop.passTime(61);
    shop.wake();
    settle(shop);
    expect(shop.order.status).toBe("confirmed");
    expectAgreement(shop);
  });
  it("undoes a confirmed order that is cancelled, and refunds what was captured", () => {
    const shop = stocked({ A: 2, B: 3 });
    shop.deliver(1);
    approve(shop);
    shop.deliver(1);
    shop.command("payment", paymentId, { type: "CapturePayment", paymentId, amount: "5.00" });
    cancel(shop);
    settle(shop);
    expect(shop.payment).toMatchObject({ status: "refunded", refunded: "5" });
    expectAgreement(shop);
  });
  it("ships and captures a completed order", () => {
    const shop = stocked({ A: 5, B: 3 });
    shop.deliver(1);
    approve(shop);
    shop.deliver(1);
    complete(shop);
    settle(shop);
    expect(shop.order.status).toBe("completed");
    expect(shop.stock("A").onHand).toBe(3);
    expectAgreement(shop);
  });
  it("stands still where goods that were promised are not there, and goes on once they are", () => {
    const shop = stocked({ A: 2, B: 1 });
    shop.command("stock", "main-B", { type: "SetBackorderPolicy", location: "main", sku: "B", allowBackorder: true });
    shop.deliver(1);
    approve(shop);
    shop.deliver(1);
    shop.command("stock", "main-B", { type: "SetBackorderPolicy", location: "main", sku: "B", allowBackorder: false });
    complete(shop);
    shop.deliver(1);
    expect([shop.stuckAt, shop.pending]).toEqual([["ShipStock"], 1]);
    expect(shop.payment).toMatchObject({ status: "captured", captured: "8.95" });
    receive(shop, "B", 2);
    shop.deliver(1);
    expectAgreement(shop);
  });
  it("leaves what the warehouse has shipped, and finance has closed, as it is", () => {
    const shop = stocked({ A: 2, B: 3 });
    shop.deliver(1);
    approve(shop);
    shop.deliver(1);
    shop.command("stock", "main-A", { type: "ShipStock", location: "main", sku: "A", reservationId: orderId });
    shop.command("payment", paymentId, { type: "CapturePayment", paymentId, amount: "5.00" });
    shop.command("payment", paymentId, { type: "ReversePayment", paymentId, reason: "damaged" });
    complete(shop);
    settle(shop);
    expect(shop.checkout.status).toBe("completed");
    expect(shop.payment).toMatchObject({ captured: "5", refunded: "5" });
    expect([shop.shipped("A"), shop.shipped("B")]).toEqual([2, 3]);
  });
  it("begins with the checkout of a cart and with nothing else", () => {
    const { process } = new Shop();
    const cancelled = { type: "OrderCancelled", data: { orderId, number: "1", reason: "x", wasConfirmed: false } };
    expect(process.react(cancelled as never, { status: "absent" })).toEqual([]);
  });

  /** A way that a checkout may go; `deliver` hears the next events, and crashes where the test wants it to. */
  type Way = (shop: Shop, deliver: () => void) => void;
  const ways: Record<string, Way> = {
    "all goes well": (shop, deliver) => {
      deliver();
      approve(shop);
      deliver();
      complete(shop);
      deliver();
    },
    "stock arrives after it was refused": (shop, deliver) => {
      shop.command("stock", "main-B", { type: "AdjustStock", location: "main", sku: "B", delta: -1, reason: "broken" });
      deliver();
      receive(shop, "B", 1);
      deliver();
      approve(shop);
    },
    "the provider declines": (shop, deliver) => {
      deliver();
      decline(shop);
      deliver();
    },
    "the order is cancelled while it is confirmed": (shop, deliver) => {
      deliver();
      approve(shop);
      deliver();
      cancel(shop);
      deliver();
    },
    "the yes comes when patience is at an end": (shop, deliver) => {
      deliver();
      shop.passTime(61);
      shop.wake(1);
      approve(shop);
      deliver();
    },
  };
  it.each(Object.entries(ways))("%s, with a crash after any command and any second one", (_, way) => {
    for (let first = 0; first < 14; first++) {
      for (let second = 0; second < 14; second++) {
        const shop = stocked({ A: 2, B: 3 });
        const crashes = [first, second];
        const deliver = () => shop.deliver(1, crashes.shift());
        way(shop, deliver);
        settle(shop);
        expectAgreement(shop);
      }
    }
  });

  const quantity = fc.oneof({ weight: 4, arbitrary: fc.constant(3) }, { weight: 1, arbitrary: fc.nat(2) });
  const crash = fc.oneof({ weight: 2, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: fc.nat(8) });
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant("deliver" as const), fc.integer({ min: 1, max: 4 }), crash) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("redeliver" as const), fc.nat(9), crash) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("time" as const), fc.constantFrom(10, 61), crash) },
    { weight: 4, arbitrary: fc.tuple(fc.constant("approve" as const), fc.nat(0), crash) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("decline" as const), fc.nat(0), crash) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("cancel" as const), fc.nat(0), crash) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("complete" as const), fc.nat(0), crash) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("receive" as const), fc.integer({ min: 1, max: 3 }), crash) },
  );

  /** What spoils a sale; most sales are spoilt by few of them. */
  const everyHazard: readonly string[] = ["cancel", "decline", "time"];
  const hazards = fc.oneof(fc.constant<string[]>([]), fc.subarray([...everyHazard]));

  it("money, stock and order agree at the end, whatever happens and wherever it crashes", () => {
    const ends = new Map<string, number>();
    fc.assert(
      fc.property(quantity, quantity, hazards, fc.array(action, { maxLength: 25 }), (a, b, allowed, actions) => {
        const shop = stocked({ A: a, B: b });
        for (const [what, amount, crashAfter] of actions) {
          if (everyHazard.includes(what) && !allowed.includes(what)) continue;
          switch (what) {
            case "deliver":
              shop.deliver(amount, crashAfter);
              break;
            case "redeliver":
              shop.redeliver(amount, crashAfter);
              break;
            case "time":
              shop.passTime(amount);
              shop.wake(crashAfter);
              break;
            case "approve":
              approve(shop);
              break;
            case "decline":
              decline(shop);
              break;
            case "cancel":
              cancel(shop);
              break;
            case "complete":
              complete(shop);
              break;
            case "receive":
              receive(shop, "B", amount);
              break;
          }
        }
        settle(shop);
        expectAgreement(shop);
        for (const { type, data } of shop.own) checkoutEvents[type].schema.parse(data);
        ends.set(shop.order.status, (ends.get(shop.order.status) ?? 0) + 1);
      }),
      { numRuns: 2_000 },
    );
    for (const end of ["cancelled", "confirmed", "completed"]) expect(ends.get(end)).toBeGreaterThan(5);
  });
});
