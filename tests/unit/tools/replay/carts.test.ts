import { classify } from "../../../../src/tools/online-retail/classify";
import { cartsOf, emailOf, invoiceOf } from "../../../../src/tools/online-retail/replay/carts";
import { supplyOf } from "../../../../src/tools/online-retail/replay/supply";

const ROWS = [
  "536367,84879,BIRD ORNAMENT,32,2010-12-01 08:34:00,1.69,13047.0,EIRE",
  "536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
  "536365,71053,METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom",
  "536365,85123A,HEART HOLDER,2,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
  "536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,17850.0,United Kingdom",
  "536366,M,Manual,1,2010-12-01 08:28:00,10.00,,Unspecified",
  "536368,84879,BIRD ORNAMENT,1,2010-12-01 08:40:00,1.69,,Unspecified",
  "536368,99999,GIFT,1,2010-12-01 08:40:00,0.0,,Unspecified",
  "C536369,84879,BIRD ORNAMENT,-1,2010-12-01 08:45:00,1.69,13047.0,EIRE",
  "536370,84879,lost,-5,2010-12-01 08:46:00,0.0,,United Kingdom",
];
const plan = () => classify(ROWS.map((line, index) => ({ row: index + 1, fields: line.split(",") })));

describe("carts of invoices", () => {
  it("are the sales in the order of their time, one line per article, without charges and what has no price", async () => {
    const { carts, withoutGoods, lines } = cartsOf(await plan());
    expect(carts.map(({ invoice, customer, lines, address }) => [invoice, customer, lines, address.country])).toEqual([
      ["536365", "17850", [{ sku: "85123A", quantity: 8 }, { sku: "71053", quantity: 6 }], "GB"],
      ["536367", "13047", [{ sku: "84879", quantity: 32 }], "IE"],
      ["536368", "", [{ sku: "84879", quantity: 1 }], "GB"],
    ]); // prettier-ignore
    expect(withoutGoods).toBe(1);
    expect(lines).toEqual({ taken: 4, merged: 1, charges: 2, unpriced: 1 });
  });

  it("are no more than asked for", async () => {
    const { carts, withoutGoods } = cartsOf(await plan(), 1);
    expect(carts.map(({ invoice }) => invoice)).toEqual(["536365"]);
    expect(withoutGoods).toBe(0);
  });

  it("need their articles at the usual price, in the quantity of all carts", async () => {
    const all = await plan();
    expect(supplyOf(all, cartsOf(all).carts)).toEqual([
      { sku: "71053", title: "METAL LANTERN", slug: "metal-lantern", price: "3.39", quantity: 6 },
      { sku: "84879", title: "BIRD ORNAMENT", slug: "bird-ornament", price: "1.69", quantity: 33 },
      { sku: "85123A", title: "HEART HOLDER", slug: "heart-holder", price: "2.55", quantity: 8 },
    ]);
  });

  it("are known again by the e-mail of their order", () => {
    const email = emailOf({ customer: "17850", invoice: "536365" }, "r1");
    expect(email).toBe("17850+536365.r1@example.com");
    expect(invoiceOf(email, "r1")).toBe("536365");
    expect(invoiceOf(email, "r2")).toBeUndefined();
    expect(invoiceOf("17850@example.com", "r1")).toBeUndefined();
    expect(invoiceOf(null, "r1")).toBeUndefined();
    expect(invoiceOf(emailOf({ customer: "", invoice: "1" }, "r1"), "r1")).toBe("1");
  });
});
