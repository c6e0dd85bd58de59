import { planOfRows } from "./fixtures";

/** Sales of one article: `date price`. */
async function pricesOf(...sales: readonly string[]) {
  const rows = sales.map((sale, index) => {
    const [date, price] = sale.split(" ");
    return `${536000 + index},85123A,HEART,1,${date} 10:00:00,${price},,United Kingdom`;
  });
  const [article] = (await planOfRows(...rows)).articles;
  return article?.prices.map(({ month, from, amount }) => [month, new Date(from * 1000).toISOString().slice(0, 10), amount]); // prettier-ignore
}

test("a month's price is the one most often sold at, from its first sale on", async () => {
  expect(await pricesOf("2010-12-01 2.95", "2010-12-03 2.55", "2010-12-04 2.55", "2011-01-05 2.95")).toEqual([
    ["2010-12", "2010-12-03", "2.55"],
    ["2011-01", "2011-01-05", "2.95"],
  ]);
});

test("a price that goes on is no new price", async () => {
  expect(await pricesOf("2010-12-01 2.55", "2011-01-05 2.55", "2011-03-05 2.95", "2011-04-01 2.55")).toEqual([
    ["2010-12", "2010-12-01", "2.55"],
    ["2011-03", "2011-03-05", "2.95"],
    ["2011-04", "2011-04-01", "2.55"],
  ]);
});

test("on a tie the price that was seen earlier counts", async () => {
  expect(await pricesOf("2010-12-02 2.95", "2010-12-01 2.55")).toEqual([["2010-12", "2010-12-01", "2.55"]]);
});

test("what was given away has no price", async () => {
  expect(await pricesOf("2010-12-02 0.0")).toEqual([]);
});

test("credit notes make no prices, and the typical price is that of most sales", async () => {
  const { articles } = await planOfRows(
    "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,,United Kingdom",
    "536366,85123A,HEART,6,2011-01-01 08:26:00,2.55,,United Kingdom",
    "536367,85123A,HEART,6,2011-02-01 08:26:00,2.95,,United Kingdom",
    "C536368,85123A,HEART,-6,2010-12-01 09:26:00,9.99,,United Kingdom",
  );
  expect(articles).toHaveLength(1);
  expect(articles[0]).toMatchObject({ typicalPrice: "2.55" });
  expect(articles[0]?.prices.map(({ amount }) => amount)).toEqual(["2.55", "2.95"]);
});
