import fc from "fast-check";
import { type CountryCode } from "../../../../src/domains/kernel";
import { orderLinesFeed, ordersFeed } from "../../../../src/projections/analytics";
import { orderId, owner } from "../../domains/cart/fixtures";
import { cancelled, cancelledBefore, completed, confirmed, document, importedLine, placed, rowsOf, second, sumOf } from "./sales"; // prettier-ignore

describe("orders", () => {
  const order = { orderId, number: "7KQ2-M0XC-4T", kind: "order", source: "shop" };
  const sold = {
    ...order,
    reason: null,
    customer: owner,
    country: "United Kingdom",
    countryCode: "GB",
    currency: "GBP",
    lines: 2,
    pieces: 7,
    total: "14.53",
  };
  const unknown = {
    ...order,
    reason: null,
    customer: null,
    country: null,
    countryCode: null,
    currency: null,
    lines: null,
    pieces: null,
    total: null,
    quantity: 0,
  };

  it("has a row for each step; only those that change what is sold carry an amount", () => {
    expect(rowsOf(ordersFeed, placed, confirmed(), completed)).toEqual([
      { ...sold, occurredAt: second(0), status: "placed", quantity: 0 },
      { ...sold, occurredAt: second(1), status: "confirmed", quantity: 7, amount: "14.53" },
      { ...unknown, occurredAt: second(2), status: "completed" },
    ]);
  });

  it("a cancelled order takes back what was confirmed, and nothing else", () => {
    expect(rowsOf(ordersFeed, cancelled(), cancelledBefore)).toEqual([
      { ...sold, occurredAt: second(0), status: "cancelled", reason: "changed mind", quantity: -7, amount: "-14.53" },
      { ...unknown, occurredAt: second(1), status: "cancelled", reason: "out-of-stock" },
    ]);
    const life = rowsOf(ordersFeed, placed, confirmed(), cancelled());
    expect(sumOf(life)).toBe(0n);
    expect(life.reduce((sum, { quantity }) => sum + Number(quantity), 0)).toBe(0);
  });

  it.each([
    ["OrderImported", "order"],
    ["CreditNoteImported", "credit-note"],
    ["AccountingAdjustmentImported", "adjustment"],
  ] as const)("%s is one row with the sum of its lines", (type, kind) => {
    const lines = [importedLine(6, "2.955"), importedLine(-1, "4.1", { kind: "charge" })];
    expect(rowsOf(ordersFeed, { type, data: document(lines, { countryCode: "IE" as CountryCode }) })).toEqual([
      {
        occurredAt: second(0),
        orderId: document([]).orderId,
        number: "536365",
        kind,
        status: "imported",
        source: "online-retail",
        reason: null,
        customer: "17850",
        country: "EIRE",
        countryCode: "IE",
        currency: "GBP",
        lines: 2,
        pieces: 5,
        total: "13.63",
        quantity: 5,
        amount: "13.63",
      },
    ]);
  });

  it("sums to the same as order-lines for whatever is imported", () => {
    const amount = fc
      .tuple(fc.boolean(), fc.oneof(fc.nat(100_000), fc.nat(999_999_999_999_999)), fc.stringMatching(/^(\.\d{1,6})?$/))
      .map(([minus, whole, fraction]) => `${minus ? "-" : ""}${whole}${fraction}`);
    const lines = fc.array(fc.tuple(fc.integer({ min: -80_995, max: 80_995 }), amount), { maxLength: 20 });
    fc.assert(
      fc.property(lines, (each) => {
        const data = document(each.map(([quantity, unitPrice]) => importedLine(quantity, unitPrice)));
        const event = { type: "OrderImported", data } as const;
        const [rows, summed] = [rowsOf(orderLinesFeed, event), rowsOf(ordersFeed, event)];
        expect(sumOf(summed)).toBe(sumOf(rows));
        expect(summed[0]?.["quantity"]).toBe(rows.reduce((sum, { quantity }) => sum + Number(quantity), 0));
      }),
    );
  });
});
