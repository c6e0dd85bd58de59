import { minus, sum } from "../../../../src/domains/kernel";
import { type Plan } from "../../../../src/tools/online-retail/classify";
import { amountOf, type Outcome, reportOf, reportText } from "../../../../src/tools/online-retail/report";
import { planOf } from "./fixtures";

const outcome: Outcome = {
  documents: { new: 47, known: 0, different: 0 },
  stockChanges: { new: 7, known: 0, different: 0 },
  setAside: { new: 0, known: 0, different: 0 },
  articles: { new: 300, known: 0, elsewhere: 0 },
  prices: { new: 310, known: 0 },
  different: [],
  events: 1_900,
  milliseconds: 2_000,
};

function amounts(plan: Plan, key: (line: number) => string): Record<string, string> {
  const groups = new Map<string, number[]>();
  for (let line = 0; line < plan.table.length; line++) {
    const group = groups.get(key(line)) ?? [];
    group.push(line);
    groups.set(key(line), group);
  }
  return Object.fromEntries([...groups].map(([name, lines]) => [name, amountOf(plan.table, lines)]));
}

// The expected sums were reckoned apart from this code, with exact decimals, from the fixture itself.
test("the excerpt adds up to the last digit: in total, by month and by country", async () => {
  const plan = await planOf("excerpt.csv");
  const { table } = plan;
  const report = reportOf("excerpt.csv", plan, outcome);
  expect(report.amount).toBe("-2389.008");
  expect(report.traded).toBe("-2389.008");
  expect(report.fates).toEqual({ sale: 337, creditNote: 12, accountingAdjustment: 3, stockAdjustment: 7, setAside: 0 });
  const byMonth = amounts(plan, (line) => new Date(table.at("time", line) * 1000).toISOString().slice(0, 7));
  expect(byMonth).toMatchObject({ "2010-12": "2725.89", "2011-07": "1528.431", "2011-08": "-10043.66", "2011-09": "341.401" }); // prettier-ignore
  const byCountry = amounts(plan, (line) => table.countries.text(table.at("country", line)));
  expect(byCountry).toEqual({
    "United Kingdom": "-1869.198",
    "Netherlands": "462.6", // prettier-ignore
    "EIRE": "555.38", // prettier-ignore
    "Channel Islands": "363.53",
    "Hong Kong": "-2583.76",
    "Czech Republic": "-57.51",
    "Unspecified": "299.1", // prettier-ignore
    "European Community": "191.4",
    "France": "249.45", // prettier-ignore
  });
  expect(minus(sum(Object.values(byMonth)), sum(Object.values(byCountry)))).toBe("0");
});

test("rows set aside are not part of what was traded, and are shown", async () => {
  const plan = await planOf("misfits.csv");
  const report = reportOf("misfits.csv", plan, outcome);
  expect(report.rows).toBe(21);
  expect(report.fates.setAside).toBe(20);
  expect(report.traded).toBe("15.3");
  expect(report.amount).not.toBe(report.traded);
  const text = reportText(report);
  expect(text).toContain("of it traded          15.3 GBP");
  expect(text).toContain("row 9: the quantity is 0: 536368,22960,JAM MAKING SET WITH JARS,0,");
});

test("the report counts rows, documents, articles, prices and events", async () => {
  const text = reportText(reportOf("excerpt.csv", await planOf("excerpt.csv"), outcome));
  expect(text).toBe(
    [
      "excerpt.csv: 359 rows",
      "  sale                  337 rows",
      "  credit note           12 rows",
      "  accounting adjustment 3 rows",
      "  stock adjustment      7 rows",
      "  set aside             0 rows",
      "  amount                -2389.008 GBP (quantity × unit price of all rows)",
      "  documents             47 new, 0 known",
      "  stock changes         7 new, 0 known",
      "  articles              300 new, 0 known",
      "  prices                310 new, 0 known",
      "  events                1,900 written",
      "  time                  2.0 s, 180 rows/s",
      "",
    ].join("\n"),
  );
});

test("documents that came with other content are named, and what goes on without end is cut short", async () => {
  const different = Array.from({ length: 23 }, (_, index) => String(536365 + index));
  const plan = await planOf("excerpt.csv");
  const text = reportText(reportOf("x.csv", plan, { ...outcome, documents: { new: 0, known: 1, different: 23 }, different })); // prettier-ignore
  expect(text).toContain("documents             0 new, 1 known, 23 known with other content");
  expect(text).toContain("  536365\n");
  expect(text).toContain("… and 3 more");
  expect(text).not.toContain("536387");
});
