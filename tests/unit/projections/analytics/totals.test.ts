import fc from "fast-check";
import { type CartEvent } from "../../../../src/domains/cart/events";
import { type OrderEvent } from "../../../../src/domains/ordering/events";
import { ordersByState, ordersFeed, totals, type TotalsDocument } from "../../../../src/projections/analytics";
import { cartId } from "../../domains/cart/fixtures";
import { log, project } from "../../../support/fold";
import { cancelled, cancelledBefore, completed, confirmed, document, importedLine, millionths, placed, rowsOf, sumOf } from "./sales"; // prettier-ignore

const nothing: TotalsDocument = { _id: "orders", counts: {}, revenue: {} };
const orders = (...events: readonly OrderEvent[]) =>
  project(totals, log(...events.map((event) => ["order-1", event] as const))).get("orders") ?? nothing;

describe("totals", () => {
  it("has each order in the state that it is in now", () => {
    expect(ordersByState(orders(placed, placed, confirmed(), placed, cancelledBefore))).toEqual({
      placed: 1,
      confirmed: 1,
      completed: 0,
      cancelled: 1,
      imported: 0,
    });
    expect(ordersByState(orders(placed, confirmed(), completed, placed, confirmed(), cancelled()))).toEqual({
      placed: 0,
      confirmed: 0,
      completed: 1,
      cancelled: 1,
      imported: 0,
    });
  });

  it("revenue is what confirmed orders come to; what is cancelled afterwards is none", () => {
    expect(orders(placed, placed, confirmed(), cancelledBefore).revenue).toEqual({ GBP: "14.53" });
    expect(orders(placed, confirmed(), cancelled(), placed, confirmed(), completed).revenue).toEqual({ GBP: "14.53" });
  });

  it("imported documents count by what they say, to the penny", () => {
    const data = document([importedLine(3, "0.1"), importedLine(-1, "0.001")]);
    const all = orders({ type: "OrderImported", data }, { type: "CreditNoteImported", data });
    expect(all.counts).toEqual({ imported: 2 });
    expect(all.revenue).toEqual({ GBP: "0.598" });
  });

  it("carts are counted when they are opened, checked out and given up, and by no other step", () => {
    const data = { cartId, owner: "o", currency: "GBP", country: null } as never;
    const events: CartEvent[] = [
      { type: "CartOpened", data },
      { type: "CartOpened", data },
      { type: "CartCheckedOut", data },
      { type: "CartAbandoned", data: { cartId, reason: "given up by the shopper" } },
    ];
    expect(project(totals, log(...events.map((event) => ["cart-1", event as never] as const))).get("carts")).toEqual({
      _id: "carts",
      counts: { opened: 2, "checked-out": 1, "given-up": 1 },
      revenue: {},
    });
  });

  it("agrees with the feed of orders, whatever happens", () => {
    const lives: readonly OrderEvent[][] = [
      [placed],
      [placed, cancelledBefore],
      [placed, confirmed()],
      [placed, confirmed(), cancelled()],
      [placed, confirmed(), completed],
      [{ type: "OrderImported", data: document([importedLine(7, "1.23")]) }],
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...lives), { maxLength: 40 }), (shops) => {
        const events = shops.flat();
        const all = orders(...events);
        expect(millionths(all.revenue["GBP"] ?? "0")).toBe(sumOf(rowsOf(ordersFeed, ...events)));
        const states = ordersByState(all);
        expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(shops.length);
        expect(Math.min(...Object.values(states))).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
