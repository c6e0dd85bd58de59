import fc from "fast-check";
import { type CountryCode, type CurrencyCode } from "../../../../src/domains/kernel";
import { type ImportDocument, importRow, normalOrderNumber, order, orderingEvents, type OrderCommand, type OrderEvent, orderNumber } from "../../../../src/domains/ordering"; // prettier-ignore
import { spec } from "../../../support/spec";
import { at, orderId } from "../cart/fixtures";
import { checkedOut } from "./shop";

const number = orderNumber(orderId);
const { paymentId, payment, cartId, orderId: _, ...sale } = checkedOut.data;

const place: OrderCommand = { type: "PlaceOrder", at, ...checkedOut.data };
const confirm: OrderCommand = { type: "ConfirmOrder", at, orderId };
const cancel: OrderCommand = { type: "CancelOrder", at, orderId, reason: "out-of-stock", note: "None left." };
const complete: OrderCommand = { type: "CompleteOrder", at, orderId };

const placed: OrderEvent = { type: "OrderPlaced", data: { ...checkedOut.data, number } };
const confirmed: OrderEvent = { type: "OrderConfirmed", data: { orderId, number, ...sale } };
const completed: OrderEvent = { type: "OrderCompleted", data: { orderId, number } };
const why = { orderId, number, reason: "out-of-stock", note: "None left." };
const cancelled: OrderEvent = { type: "OrderCancelled", data: { ...why, wasConfirmed: false } };

describe("an order of the shop", () => {
  it("is placed once by one cart", () => {
    spec(order).when(place).then(placed);
    spec(order).given(placed, confirmed).when(place).then();
    spec(order)
      .given(placed)
      .when({ ...place, cartId: paymentId } as unknown as OrderCommand)
      .thenRefused("order-exists");
  });
  it("is confirmed with everything that readers of sales need", () => {
    spec(order).given(placed).when(confirm).then(confirmed);
    spec(order).given(placed, confirmed).when(confirm).then();
    spec(order).given(placed, cancelled).when(confirm).thenRefused("order-cancelled");
    spec(order).when(confirm).thenRefused("order-not-found");
  });
  it("is cancelled until it is completed; a confirmed one says what is sold no longer", () => {
    spec(order).given(placed).when(cancel).then(cancelled);
    spec(order)
      .given(placed, confirmed)
      .when(cancel)
      .then({ type: "OrderCancelled", data: { ...why, wasConfirmed: true, sale } });
    spec(order).given(placed, cancelled).when(cancel).then();
    spec(order).given(placed, confirmed, completed).when(cancel).thenRefused("order-completed");
  });
  it("is completed once confirmed", () => {
    spec(order).given(placed, confirmed).when(complete).then(completed);
    spec(order).given(placed, confirmed, completed).when(complete).then();
    spec(order).given(placed).when(complete).thenRefused("order-not-confirmed");
    spec(order).given(placed, cancelled).when(complete).thenRefused("order-cancelled");
  });
  it("all events fit their schemas", () => {
    for (const { type, data } of [placed, confirmed, completed, cancelled]) orderingEvents[type].schema.parse(data);
    expect(payment.method).toBe("test");
    expect(cartId).toBeDefined();
  });
});

describe("documents from elsewhere", () => {
  const document = {
    orderId,
    number: "536365",
    source: "online-retail",
    customer: "17850",
    country: "EIRE",
    countryCode: "IE" as CountryCode,
    currency: "GBP" as CurrencyCode,
    lines: [
      { sku: "85123A", name: "", quantity: 6, unitPrice: "2.55", kind: "merchandise" as const },
      { sku: "POST", name: "POSTAGE", quantity: 1, unitPrice: "-11062.06", kind: "charge" as const },
    ],
  };
  const take = <T extends string>(type: T): ImportDocument<T> => ({ type, at, ...document });
  it.each([
    ["ImportOrder", "OrderImported"],
    ["ImportCreditNote", "CreditNoteImported"],
    ["ImportAccountingAdjustment", "AccountingAdjustmentImported"],
  ] as const)("%s is taken in once, as it is", (command, event) => {
    spec(order)
      .when(take(command) as OrderCommand)
      .then({ type: event, data: document });
    spec(order)
      .given({ type: event, data: document })
      .when(take(command) as OrderCommand)
      .then();
    spec(order).given({ type: event, data: document }).when(cancel).thenRefused("order-imported");
    orderingEvents[event].schema.parse(document);
  });
  it("a row that fits nowhere is kept, once", () => {
    const row = { source: "online-retail", row: 7, reason: "no quantity", text: "536365,,," };
    spec(importRow)
      .when({ type: "SetRowAside", at, ...row })
      .then({ type: "ImportRowSetAside", data: row });
    spec(importRow)
      .given({ type: "ImportRowSetAside", data: row })
      .when({ type: "SetRowAside", at, ...row })
      .then();
  });
});

describe("order numbers", () => {
  it("are the same for the same order, and easy to read out", () => {
    expect(orderNumber("22222222-2222-4222-8222-222222222222")).toBe(number);
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        expect(orderNumber(id)).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}$/);
      }),
    );
  });
  it("differ between orders, also where ids differ in one digit", () => {
    const ids = Array.from(
      { length: 20_000 },
      (_each, n) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`,
    );
    expect(new Set(ids.map(orderNumber)).size).toBe(ids.length);
  });
  it("are found however they are typed", () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        const official = orderNumber(id);
        const typed = official.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l");
        expect(normalOrderNumber(typed)).toBe(official);
      }),
    );
    expect(normalOrderNumber(" C536379 ")).toBe("C536379");
  });
});
