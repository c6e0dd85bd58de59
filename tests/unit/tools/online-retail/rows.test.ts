import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkFile, readRows, type RawRow, UnusableFile } from "../../../../src/tools/online-retail/rows";
import { fixture } from "./fixtures";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "millrace-rows-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function all(file: string): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  for await (const row of readRows(file)) rows.push(row);
  return rows;
}

const HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

test("rows are numbered from the first after the heading, quotes are resolved", async () => {
  const rows = await all(fixture("excerpt.csv"));
  expect(rows).toHaveLength(359);
  expect(rows[0]).toMatchObject({ row: 1 });
  expect(rows.find(({ fields }) => fields[1] === "85071C")?.fields[2]).toBe('CHARLIE+LOLA"EXTREMELY BUSY" SIGN');
});

test("a packed file is known by its content", async () => {
  const packed = written("packed.csv", gzipSync(await readFile(fixture("excerpt.csv"))));
  expect(await all(packed)).toEqual(await all(fixture("excerpt.csv")));
});

test("a byte order mark and Windows line ends are no matter", async () => {
  const file = written("bom.csv", `\uFEFF${HEADING}1,A,B,1,C,1,,D\n`.replaceAll("\n", "\r\n"));
  expect(await all(file)).toEqual([{ row: 1, fields: ["1", "A", "B", "1", "C", "1", "", "D"] }]);
});

test.each([
  ["missing.csv", undefined, /missing\.csv cannot be read: there is no such file\.$/],
  ["empty.csv", "", /empty\.csv is empty\.$/],
  ["other.csv", "id,name\n1,x\n", /other\.csv is not the Online Retail data set: its first line must be InvoiceNo,.*but it is id,name\.$/], // prettier-ignore
  ["short.csv", HEADING.replace(",Country", ""), /\(Country missing\)/],
  ["cut.csv.gz", gzipSync(HEADING + "1,A,B,1,C,1,,D\n".repeat(50_000)).subarray(0, 500), /ends too early\.$/],
])("%s is refused in one clear sentence", async (name, content, message) => {
  const file = content === undefined ? join(folder, name) : written(name, content);
  await expect(all(file)).rejects.toThrow(UnusableFile);
  await expect(all(file)).rejects.toThrow(message);
});

test("a folder is no file", async () => {
  await expect(checkFile(folder)).rejects.toThrow(/is not a file\.$/);
});

test("a look at the file ends after its heading", async () => {
  await expect(checkFile(fixture("excerpt.csv"))).resolves.toBeUndefined();
});

test("reading stops when it is told to", async () => {
  const stop = new AbortController();
  const read = async () => {
    for await (const { row } of readRows(fixture("excerpt.csv"), { signal: stop.signal }))
      if (row === 10) stop.abort(new Error("enough"));
  };
  await expect(read()).rejects.toThrow("enough");
});
