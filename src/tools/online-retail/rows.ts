import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { PassThrough, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CsvError, parse } from "csv-parse";

/** The columns of the UCI "Online Retail" data set, in their order. */
export const COLUMNS = [
  "InvoiceNo",
  "StockCode",
  "Description",
  "Quantity",
  "InvoiceDate",
  "UnitPrice",
  "CustomerID",
  "Country",
] as const;

/** One line of the file: its number (1 for the first after the heading) and its fields as they stand. */
export interface RawRow {
  readonly row: number;
  readonly fields: readonly string[];
}

/** The file cannot be read as the data set; the message is one clear sentence for people. */
export class UnusableFile extends Error {
  override readonly name = "UnusableFile";
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how much of the file has been read, in bytes of the file as it lies on disk. */
  readonly read?: ((bytes: number, total: number) => void) | undefined;
}

/**
 * The file's rows in their order, `.csv` or `.csv.gz` (told by the content, not by the name). Streams: no more of the
 * file is read than the caller takes.
 * @throws UnusableFile when it is missing, damaged or another file
 */
export async function* readRows(file: string, options: ReadOptions = {}): AsyncGenerator<RawRow> {
  const { source, done } = await open(file, options);
  const parser = parse({ bom: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true });
  const fed = pipeline(source, parser, ...(options.signal ? [{ signal: options.signal }] : [])).then(
    () => undefined,
    (error: unknown) => error,
  );
  let row = -1;
  try {
    for await (const fields of parser as AsyncIterable<string[]>) {
      row++;
      if (row === 0) checkHeading(file, fields);
      else yield { row, fields };
    }
    if (row < 0) throw new UnusableFile(`${file} is empty.`);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof UnusableFile) throw error;
    throw new UnusableFile(
      `${file} cannot be read${row > 0 ? ` after row ${row}` : ""}: ${reasonOf((await done) ?? error)}.`,
      {
        cause: error,
      },
    );
  } finally {
    parser.destroy();
    source.destroy();
    await fed;
  }
}

/**
 * Looks whether the file is there and is the data set, before anything else is set going.
 * @throws UnusableFile
 */
export async function checkFile(file: string): Promise<void> {
  for await (const _ of readRows(file)) return;
}

/** The file's content, unpacked where need be; `done` resolves with what went wrong on the way, if anything. */
async function open(file: string, options: ReadOptions): Promise<{ source: Readable; done: Promise<unknown> }> {
  const total = await sizeOf(file);
  const raw = createReadStream(file, { highWaterMark: 256 * 1024 });
  let bytes = 0;
  raw.on("data", (chunk) => options.read?.((bytes += chunk.length), total));
  raw.pause();
  const source = (await isGzip(file)) ? createGunzip() : new PassThrough();
  const done = pipeline(raw, source, ...(options.signal ? [{ signal: options.signal }] : [])).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { source, done };
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: unknown) => {
    throw new UnusableFile(`${file} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  if (!found.isFile()) throw new UnusableFile(`${file} is not a file.`);
  return found.size;
}

async function isGzip(file: string): Promise<boolean> {
  for await (const chunk of createReadStream(file, { end: 1 })) {
    const [first, second] = chunk as Buffer;
    return first === 0x1f && second === 0x8b;
  }
  return false;
}

function checkHeading(file: string, fields: readonly string[]): void {
  const heading = fields.map((field) => field.trim());
  if (heading.length === COLUMNS.length && COLUMNS.every((column, index) => heading[index] === column)) return;
  const missing = COLUMNS.filter((column) => !heading.includes(column));
  const found = heading
    .join(",")
    .slice(0, 120)
    .replace(/\p{Cc}/gu, "·");
  throw new UnusableFile(
    `${file} is not the Online Retail data set: its first line must be ${COLUMNS.join(",")}` +
      (missing.length > 0 && missing.length < COLUMNS.length ? ` (${missing.join(", ")} missing)` : "") +
      `, but it is ${found === "" ? "empty" : found}.`,
  );
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "permission denied";
  if (code === "Z_BUF_ERROR") return "the compressed file ends too early";
  if (code?.startsWith("Z_")) return "the compressed file is damaged";
  if (error instanceof CsvError) return message.replace(/\.$/, "");
  return message;
}
