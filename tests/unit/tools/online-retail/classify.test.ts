import { type Plan } from "../../../../src/tools/online-retail/classify";
import { planOf, planOfRows } from "./fixtures";

const numbers = (plan: Plan) => plan.documents.map(({ fate, number }) => `${fate} ${number}`);
const reasons = (plan: Plan) => plan.misfits.map(({ row, reason }) => [row, reason]);

test("every row of the excerpt is in exactly one place", async () => {
  const plan = await planOf("excerpt.csv");
  const places = [
    ...plan.documents.flatMap(({ lines }) => [...lines]),
    ...plan.stockChanges.map(({ line }) => line),
  ].map((line) => plan.table.at("row", line));
  places.push(...plan.misfits.map(({ row }) => row));
  expect(plan.rows).toBe(359);
  expect(places.sort((a, b) => a - b)).toEqual(Array.from({ length: 359 }, (_, index) => index + 1));
  expect(plan.misfits).toEqual([]);
});

test("each row that fits nowhere is set aside with its reason and as it stands", async () => {
  const plan = await planOf("misfits.csv");
  expect(numbers(plan)).toEqual(["sale 536365"]);
  expect(reasons(plan)).toEqual([
    [2, "its customer is not that of the invoice's first row"],
    [3, "its country is not that of the invoice's first row"],
    [4, "no invoice number"],
    [5, "not an invoice number"],
    [6, "no stock code"],
    [7, "not a stock code"],
    [8, "the quantity is not a whole number"],
    [9, "the quantity is 0"],
    [10, "the unit price is not a decimal number"],
    [11, "the invoice date is not a date and time"],
    [12, "the invoice date is not a date and time"],
    [13, "not a customer number"],
    [14, "it has 7 fields, not 8"],
    [15, "a negative quantity with a price outside a credit note"],
    [16, "a positive quantity on a credit note"],
    [17, "the unit price is negative outside an accounting adjustment"],
    [18, "a negative quantity of a service"],
    [19, "the invoice number begins with an unknown letter"],
    [20, "the quantity is more than 1,000,000"],
    [21, "no country"],
  ]);
  expect(plan.misfits[8]?.text).toBe('536369,21756,BATH BUILDING BLOCK WORD,3,2010-12-01 08:35:00,"5,95",13047.0,United Kingdom'); // prettier-ignore
});

test("an invoice is one document, wherever its lines lie", async () => {
  const plan = await planOfRows(
    "536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom",
    "536366,22633,HAND WARMER,6,2010-12-01 08:28:00,1.85,17850.0,United Kingdom",
    "536365,85123A,HEART,6,2010-12-01 08:27:00,2.55,17850.0,United Kingdom",
  );
  expect(plan.documents).toMatchObject([
    { number: "536365", time: Date.UTC(2010, 11, 1, 8, 26) / 1000, lines: [0, 2] },
    { number: "536366", lines: [1] },
  ]);
});

test("pieces written off are stock changes, each invoice's counted", async () => {
  const plan = await planOfRows(
    "536589,21777,,-10,2010-12-01 16:50:00,0.0,,United Kingdom",
    "536589,21778,damaged,-3,2010-12-01 16:50:00,0.0,,United Kingdom",
    "536590,21777,RECIPE BOX,1,2010-12-01 16:51:00,7.95,,United Kingdom",
  );
  expect(plan.stockChanges).toEqual([
    { line: 0, ordinal: 0 },
    { line: 1, ordinal: 1 },
  ]);
  expect(numbers(plan)).toEqual(["sale 536590"]);
  expect(plan.articles.map(({ code, title }) => [code, title])).toEqual([
    ["21777", "RECIPE BOX"],
    ["21778", "Article 21778"],
  ]);
});

test("an accounting adjustment may have any sign and price, and its code is no article", async () => {
  const plan = await planOfRows("A563186,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,United Kingdom");
  expect(numbers(plan)).toEqual(["accountingAdjustment A563186"]);
  expect(plan.articles).toEqual([]);
});

test("services are charges and no articles; articles whose codes differ by case are different ones", async () => {
  const { articles } = await planOf("excerpt.csv");
  const codes = articles.map(({ code }) => code);
  for (const charge of ["POST", "DOT", "C2", "M", "m", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B", "gift_0001_20"])
    expect(codes).not.toContain(charge); // prettier-ignore
  expect(codes).toEqual(expect.arrayContaining(["PADS", "84997C", "84997c", "85123A"]));
  expect(articles.find(({ code }) => code === "84997c")?.title).toBe("CHILDRENS CUTLERY POLKADOT BLUE");
  expect(articles.find(({ code }) => code === "85123A")).toMatchObject({
    title: "WHITE HANGING HEART T-LIGHT HOLDER",
    slug: "white-hanging-heart-t-light-holder",
    typicalPrice: "2.55",
  });
  expect(new Set(articles.map(({ slug }) => slug)).size).toBe(articles.length);
});

test("articles are in the order in which the shop first traded in them", async () => {
  const { articles } = await planOf("excerpt.csv");
  const times = articles.map(({ since }) => since);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});
