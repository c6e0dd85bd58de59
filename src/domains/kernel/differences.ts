/**
 * One place where two JSON values differ. `path` is a JSON Pointer (RFC 6901), empty for the whole value; `was` is
 * missing where something was added, `now` where it was removed.
 */
export interface Difference {
  readonly path: string;
  readonly was?: unknown;
  readonly now?: unknown;
}

/**
 * Where two JSON values differ, from the top down, fields by name, items of a list by their place. A field that is
 * `undefined` is none, as in JSON. Ends after `most` differences.
 */
export function differences(was: unknown, now: unknown, most = Number.MAX_SAFE_INTEGER): readonly Difference[] {
  const found: Difference[] = [];
  collect(was, now, "", most, found);
  return found;
}

/** Whether two JSON values are the same, whatever the order of their fields. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  let fields = 0;
  for (const name in a) {
    if (a[name] === undefined) continue;
    fields++;
    if (!sameValue(a[name], fieldOf(b, name))) return false;
  }
  for (const name in b) if (b[name] !== undefined) fields--;
  return fields === 0;
}

function collect(was: unknown, now: unknown, path: string, most: number, found: Difference[]): void {
  if (found.length >= most || sameValue(was, now)) return;
  if (Array.isArray(was) && Array.isArray(now)) {
    for (let index = 0; index < Math.max(was.length, now.length); index++) {
      const [before, after] = [was[index], now[index]] as [unknown, unknown];
      collect(before, after, `${path}/${index}`, most, found);
    }
  } else if (isRecord(was) && isRecord(now)) {
    for (const name of new Set([...Object.keys(was), ...Object.keys(now)]))
      collect(fieldOf(was, name), fieldOf(now, name), `${path}/${escaped(name)}`, most, found);
  } else {
    found.push({ path, ...(was !== undefined && { was }), ...(now !== undefined && { now }) });
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** Names such as `toString` are no fields of every object. */
const fieldOf = (record: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
