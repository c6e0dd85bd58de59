/** Rows of text in columns under their headings; columns named in `right` are set to the right. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<string>,
): string {
  const widths = heading.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    heading
      .map((name, column) => {
        const cell = cells[column] ?? "";
        const width = widths[column] ?? 0;
        return right.has(name) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [line(heading), ...rows.map(line)].map((each) => `${each}\n`).join("");
}

/** Milliseconds with as many digits as say something. */
export const ms = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

/** A number with commas between thousands. */
export const count = (value: number): string => Math.round(value).toLocaleString("en");
