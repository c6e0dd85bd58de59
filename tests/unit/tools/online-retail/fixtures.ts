import { join } from "node:path";
import { classify, type Plan } from "../../../../src/tools/online-retail/classify";
import { readRows, type RawRow } from "../../../../src/tools/online-retail/rows";

export const fixture = (name: string): string => join(__dirname, "../../../fixtures/online-retail", name);
export const planOf = (name: string): Promise<Plan> => classify(readRows(fixture(name)));

/** Rows as they would stand in a file, from their fields as text. */
export const rowsOf = (...lines: readonly string[]): RawRow[] =>
  lines.map((line, index) => ({ row: index + 1, fields: line.split(",") }));

/** A plan of a few rows, each `invoice,code,description,quantity,date,price,customer,country`. */
export const planOfRows = (...lines: readonly string[]): Promise<Plan> => classify(rowsOf(...lines));
