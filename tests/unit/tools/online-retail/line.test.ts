import { isMisfit, readLine, textOf } from "../../../../src/tools/online-retail/line";

const GOOD = ["536365", "85123A", "WHITE HANGING HEART ", "6", "2010-12-01 08:26:00", "2.55", "17850.0", "United Kingdom"]; // prettier-ignore
const FIELDS = ["invoice", "code", "description", "quantity", "date", "price", "customer", "country"];

function read(change: Readonly<Record<string, string>> = {}) {
  return readLine({ row: 7, fields: GOOD.map((value, index) => change[FIELDS[index] ?? ""] ?? value) });
}

test("a row becomes a line with exact numbers", () => {
  expect(read()).toEqual({
    row: 7,
    invoice: "536365",
    code: "85123A",
    description: "WHITE HANGING HEART",
    quantity: 6,
    time: Date.UTC(2010, 11, 1, 8, 26) / 1000,
    unitPrice: "2.55",
    customer: "17850",
    country: "United Kingdom",
  });
});

test.each([
  ["2.50", "2.5"],
  ["0.0", "0"],
  ["-0.0", "0"],
  ["0.001", "0.001"],
  ["-11062.06", "-11062.06"],
  ["038970.00", "38970"],
])("a price of %s is %s", (price, plain) => {
  expect(read({ price })).toMatchObject({ unitPrice: plain });
});

test("a guest has no customer number", () => {
  expect(read({ customer: "" })).toMatchObject({ customer: "" });
});

test.each([
  ["customer", "guest", "not a customer number"],
  ["invoice", "", "no invoice number"],
  ["invoice", "ABC123", "not an invoice number"],
  ["code", "", "no stock code"],
  ["code", "22/745", "not a stock code"],
  ["quantity", "6.5", "the quantity is not a whole number"],
  ["quantity", "six", "the quantity is not a whole number"],
  ["price", "5,95", "the unit price is not a decimal number"],
  ["price", "1e3", "the unit price is not a decimal number"],
  ["price", "", "the unit price is not a decimal number"],
  ["date", "01/12/2010 08:26", "the invoice date is not a date and time"],
  ["date", "2011-02-29 08:26:00", "the invoice date is not a date and time"],
  ["date", "2010-12-01 24:00:00", "the invoice date is not a date and time"],
  ["country", " ", "no country"],
])("a row whose %s is %j is set aside: %s", (field, value, reason) => {
  expect(read({ [field]: value })).toMatchObject({ row: 7, reason });
});

test("a row of the wrong length is set aside as it stands", () => {
  const line = readLine({ row: 3, fields: ["536365", "85123A", 'a "b", c'] });
  expect(isMisfit(line) && line).toEqual({
    row: 3,
    reason: "it has 3 fields, not 8",
    text: '536365,85123A,"a ""b"", c"',
  });
});

test("a row's text quotes what CSV must quote", () => {
  expect(textOf(["plain", "with, comma", 'with "quotes"', ""])).toBe('plain,"with, comma","with ""quotes""",');
});
