import { account, type Books, type ShopOrder } from "../../../../src/tools/online-retail/replay/accounting";
import { emailOf, type ReplayCart } from "../../../../src/tools/online-retail/replay/carts";
import { type Movement, Movements } from "../../../../src/tools/online-retail/replay/movements";

const run = "abc123";
const address = { name: "Customer 1", line1: "1 Market Street", city: "Leeds", postalCode: "10000", country: "GB" };
const cart = (invoice: string, quantity: number): ReplayCart => ({
  invoice,
  time: 0,
  customer: "1",
  lines: [{ sku: "A", quantity }],
  address,
});
const order = (invoice: string, pieces: number, status = "confirmed"): ShopOrder => ({
  id: `order-${invoice}`,
  status,
  email: emailOf({ customer: "1", invoice }, run),
  lineCount: 1,
  pieces,
});

const received = (quantity: number): Movement => ({
  movement: "received",
  sku: "A",
  onHandDelta: quantity,
  reservedDelta: 0,
  reservationId: null,
});
const reserved = (id: string, quantity: number): Movement => ({
  movement: "reserved",
  sku: "A",
  onHandDelta: 0,
  reservedDelta: quantity,
  reservationId: id,
});
const released = (id: string, quantity: number): Movement => ({ ...reserved(id, -quantity), movement: "released" });
const shipped = (id: string, quantity: number): Movement => ({
  ...reserved(id, -quantity),
  movement: "shipped",
  onHandDelta: -quantity,
});

function moved(...rows: readonly Movement[]): Movements {
  const movements = new Movements();
  for (const row of rows) movements.add(row);
  return movements;
}

const bought = [received(20), reserved("order-1", 3), reserved("order-2", 4)];

const books = (over: Partial<Books> = {}): Books => ({
  run,
  carts: [cart("1", 3), cart("2", 4)],
  orders: [order("1", 3), order("2", 4)],
  levels: [{ sku: "A", onHand: 20, reserved: 7, available: 13 }],
  movements: moved(...bought),
  ...over,
});

describe("accounting of a replay", () => {
  it("finds nothing amiss when every invoice is one order and every piece is somewhere", () => {
    expect(account(books())).toEqual({
      invoices: 2,
      confirmed: 2,
      cancelled: 0,
      articles: 1,
      received: 20,
      shipped: 0,
      reserved: 7,
      available: 13,
      faults: [],
      faultCount: 0,
    });
  });

  it("counts what is shipped, what strangers hold, and what a cancelled order does not hold", () => {
    const stranger: ShopOrder = { ...order("9", 2), email: "a@b.example" };
    const { confirmed, cancelled, faults } = account(
      books({
        orders: [order("1", 3, "cancelled"), order("2", 4, "completed"), stranger],
        levels: [{ sku: "A", onHand: 16, reserved: 2, available: 14 }],
        movements: moved(...bought, released("order-1", 3), shipped("order-2", 4), reserved("order-9", 2)),
      }),
    );
    expect({ confirmed, cancelled, faults }).toEqual({ confirmed: 1, cancelled: 1, faults: [] });
  });

  it.each<[string, Partial<Books>, string]>([
    ["an invoice without an order", { orders: [order("1", 3)] }, "Invoice 2 has become no order."],
    [
      "two orders of an invoice",
      { orders: [order("1", 3), order("2", 4), { ...order("2", 4), id: "other" }] },
      "Invoice 2 has become 2 orders.",
    ],
    [
      "an undecided order",
      { orders: [order("1", 3), order("2", 4, "placed")] },
      "Order order-2 of invoice 2 is placed, neither confirmed nor cancelled.",
    ],
    [
      "other lines",
      { orders: [order("1", 4), order("2", 4)] },
      "Order order-1 of invoice 1 has other lines than its invoice.",
    ],
    [
      "an order that holds less than it sold",
      { movements: moved(received(20), reserved("order-1", 3), reserved("order-2", 3)) },
      "Order order-2 of invoice 2 is confirmed, but its stock is not what it sold.",
    ],
    [
      "a cancelled order that holds stock",
      { orders: [order("1", 3), order("2", 4, "cancelled")] },
      "Order order-2 of invoice 2 is cancelled, but holds stock of A.",
    ],
    [
      "pieces that vanished",
      { levels: [{ sku: "A", onHand: 19, reserved: 7, available: 12 }] },
      "A: 19 on hand, but 20 received and 0 shipped.",
    ],
    [
      "a reservation left hanging",
      {
        movements: moved(...bought, reserved("nobody", 2)),
        levels: [{ sku: "A", onHand: 20, reserved: 9, available: 11 }],
      },
      "A: 9 reserved, but orders that stand hold 7.",
    ],
    ["an article without stock", { levels: [] }, "A: 0 available, not 20 − 0 − 7."],
    ["an order of another run", { run: "other" }, "Invoice 1 has become no order."],
  ])("finds %s", (_, over, fault) => {
    expect(account(books(over)).faults).toContain(fault);
  });
});
