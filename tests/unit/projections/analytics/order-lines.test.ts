import fc from "fast-check";
import { type CountryCode } from "../../../../src/domains/kernel";
import { type ImportedDocument, type OrderEvent } from "../../../../src/domains/ordering/events";
import { orderLinesFeed } from "../../../../src/projections/analytics";
import { orderId, owner, standard } from "../../domains/cart/fixtures";
import { cancelled, cancelledBefore, completed, confirmed, document, importedLine, later, millionths, placed, rowsOf, sale, second, soldLine, sumOf } from "./sales"; // prettier-ignore

describe("order-lines", () => {
  const common = {
    occurredAt: second(0),
    kind: "sale",
    orderId,
    number: "7KQ2-M0XC-4T",
    source: "shop",
    customer: owner,
    country: "United Kingdom",
    countryCode: "GB",
    currency: "GBP",
  };
  const goods = { ...common, lineKind: "merchandise" };

  it("has a row for every line of a confirmed order, and one for its shipping", () => {
    expect(rowsOf(orderLinesFeed, confirmed())).toEqual([
      { ...goods, lineNumber: 1, sku: "MUG", name: "A MUG", quantity: 4, unitPrice: "2.55", amount: "10.20" },
      { ...goods, lineNumber: 2, sku: "TIN", name: "A TIN", quantity: 3, unitPrice: "0.125", amount: "0.375" },
      {
        ...common,
        lineKind: "charge",
        lineNumber: 3,
        sku: "SHIPPING",
        name: "Standard delivery",
        quantity: 1,
        unitPrice: "3.95",
        amount: "3.95",
      },
    ]);
  });

  it("has no row for shipping that costs nothing", () => {
    const rows = rowsOf(orderLinesFeed, confirmed({ ...sale, shippingMethod: standard("0.00") }));
    expect(rows.map(({ sku }) => sku)).toEqual(["MUG", "TIN"]);
  });

  it("takes the rows of a confirmed order back when it is cancelled", () => {
    const [sold, back] = [rowsOf(orderLinesFeed, confirmed()), rowsOf(orderLinesFeed, cancelled())];
    expect(back).toEqual(
      sold.map((row) => ({
        ...row,
        kind: "cancellation",
        quantity: -Number(row["quantity"]),
        amount: `-${String(row["amount"])}`,
      })),
    );
  });

  it("knows nothing of orders that never were confirmed", () => {
    expect(orderLinesFeed.events).not.toContain(placed.type);
    expect(orderLinesFeed.events).not.toContain(completed.type);
    expect(rowsOf(orderLinesFeed, cancelledBefore as Extract<OrderEvent, { type: "OrderCancelled" }>)).toEqual([]);
  });

  it.each([
    ["OrderImported", "sale"],
    ["CreditNoteImported", "credit-note"],
    ["AccountingAdjustmentImported", "adjustment"],
  ] as const)("gives every line of %s as kind %s, as the source has it", (type, kind) => {
    const lines = [
      importedLine(-6, "2.955"),
      importedLine(1, "-11062.06", { sku: "B", name: "Adjust bad debt", kind: "charge", at: later }),
      importedLine(0, "0", { name: "" }),
    ];
    const common = {
      occurredAt: second(0),
      kind,
      lineKind: "merchandise",
      orderId: document([]).orderId,
      number: "536365",
      source: "online-retail",
      customer: null,
      country: "EIRE",
      countryCode: "IE",
      currency: "GBP",
      sku: "85123A",
      name: "WHITE HANGING HEART T-LIGHT HOLDER",
    };
    const data = document(lines, { customer: null, countryCode: "IE" as CountryCode });
    expect(rowsOf(orderLinesFeed, { type, data })).toEqual([
      { ...common, lineNumber: 1, quantity: -6, unitPrice: "2.955", amount: "-17.730" },
      {
        ...common,
        occurredAt: later,
        lineKind: "charge",
        lineNumber: 2,
        sku: "B",
        name: "Adjust bad debt",
        quantity: 1,
        unitPrice: "-11062.06",
        amount: "-11062.06",
      },
      { ...common, lineNumber: 3, name: "", quantity: 0, unitPrice: "0", amount: "0" },
    ]);
  });
});

describe("the sum of order-lines", () => {
  const price = fc
    .tuple(fc.integer({ min: 0, max: 99_999_999 }), fc.integer({ min: 0, max: 6 }), fc.nat(999_999))
    .map(([whole, places, fraction]) =>
      places === 0 ? `${whole}` : `${whole}.${String(fraction).padStart(6, "0").slice(0, places)}`,
    );
  const signed = fc.tuple(price, fc.boolean()).map(([text, minus]) => (minus ? `-${text}` : text));
  const bought = fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), price);
  const told = fc.tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), signed);
  const exact = (lines: readonly (readonly [number, string])[]): bigint =>
    lines.reduce((sum, [quantity, unitPrice]) => sum + BigInt(quantity) * millionths(unitPrice), 0n);

  it("is the exact sum of quantity × price of all imported lines", () => {
    const types = ["OrderImported", "CreditNoteImported", "AccountingAdjustmentImported"] as const;
    const documents = fc.array(fc.tuple(fc.constantFrom(...types), fc.array(told, { maxLength: 8 })), { maxLength: 5 });
    fc.assert(
      fc.property(documents, (each) => {
        const events = each.map(([type, lines]): { type: typeof type; data: ImportedDocument } => ({
          type,
          data: document(lines.map(([quantity, unitPrice]) => importedLine(quantity, unitPrice))),
        }));
        const rows = rowsOf(orderLinesFeed, ...events);
        expect(rows).toHaveLength(each.flatMap(([, lines]) => lines).length);
        expect(sumOf(rows)).toBe(exact(each.flatMap(([, lines]) => lines)));
      }),
    );
  });

  it("is that of lines and shipping for a confirmed order, and 0 once it is cancelled", () => {
    fc.assert(
      fc.property(fc.array(bought, { minLength: 1, maxLength: 8 }), price, (lines, shipping) => {
        const sold = {
          ...sale,
          lines: lines.map(([quantity, unitPrice], index) => soldLine(`S${index}`, quantity, unitPrice, "0.00")),
          shippingMethod: standard(shipping),
        };
        type Told = Exclude<OrderEvent, { type: "OrderPlaced" | "OrderCompleted" }>;
        const [yes, no] = [confirmed(sold) as Told, cancelled(sold) as Told];
        expect(sumOf(rowsOf(orderLinesFeed, yes))).toBe(exact([...lines, [1, shipping]]));
        const both = rowsOf(orderLinesFeed, yes, no);
        expect(sumOf(both)).toBe(0n);
        expect(both.reduce((sum, { quantity }) => sum + Number(quantity), 0)).toBe(0);
      }),
    );
  });
});
