import { z } from "zod";
import { entriesOf } from "../../../../src/api/backoffice/bulk/entries";
import { priceEntry } from "../../../../src/api/backoffice/bulk/prices";
import { productEntry } from "../../../../src/api/backoffice/bulk/products";
import { stockEntry } from "../../../../src/api/backoffice/bulk/stock";

const accepts = (schema: z.ZodType, entry: object): boolean => schema.safeParse(entry).success;
const id = "7f5e2a0e-8d5e-4a57-9b7e-3f1d3c1e52a4";

describe("bulk entries", () => {
  it("are the commonest command unless they say which", () => {
    expect(productEntry.parse({ title: "Crème brûlée, 6 pieces" })).toMatchObject({
      slug: "creme-brulee-6-pieces",
      taxCategory: "standard",
      variants: [],
    });
    expect(priceEntry.parse({ sku: "A", currency: "GBP", amount: "1.5" })).toMatchObject({ amount: "1.5" });
    expect(stockEntry.parse({ sku: "A", quantity: 3 })).toEqual({ location: "main", sku: "A", quantity: 3 });
  });

  it.each([
    { op: "revise", id, title: "T" },
    { op: "change-slug", id, slug: "t" },
    { op: "add-variant", id, sku: "A" },
    { op: "revise-variant", id, sku: "A", title: "" },
    { op: "remove-variant", id, sku: "A" },
    { op: "publish", id },
    { op: "unpublish", id },
    { op: "discontinue", id },
  ])("take the product command $op", (entry) => {
    expect(accepts(productEntry, entry)).toBe(true);
    expect(accepts(productEntry, { ...entry, other: 1 })).toBe(false);
    expect(accepts(productEntry, { ...entry, id: "x" })).toBe(false);
  });

  it.each([0, -1, 1e9, 1.5, "3", null])("refuse a quantity of %p", (quantity) => {
    expect(accepts(stockEntry, { op: "receive", sku: "A", quantity })).toBe(false);
  });

  it("refuse a title that makes no slug, and a command that is not there", () => {
    expect(accepts(productEntry, { title: "日本" })).toBe(false);
    expect(accepts(productEntry, { title: "日本", slug: "nihon" })).toBe(true);
    expect(accepts(productEntry, { op: "delete", id })).toBe(false);
  });

  it("are documented although each is checked on its own", () => {
    const schema = JSON.stringify(z.toJSONSchema(entriesOf(stockEntry), { io: "input" }));
    for (const word of ["receive", "adjust", "set-backorder", "allowBackorder"]) expect(schema).toContain(`"${word}"`);
    expect(accepts(entriesOf(stockEntry), { entries: [{ nonsense: true }] })).toBe(true);
    expect(accepts(entriesOf(stockEntry), { entries: [] })).toBe(false);
    expect(accepts(entriesOf(stockEntry), { entries: Array(1001).fill({}) })).toBe(false);
  });
});
