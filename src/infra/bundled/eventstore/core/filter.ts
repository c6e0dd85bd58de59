import { invalidArgument } from "../transport/status";
import { type ProtoReader } from "../wire/proto-reader";

/** Tells by the bytes of a record whether a reader wants it. */
export type RecordFilter = (buffer: Buffer, offset: number) => boolean;

export interface AllFilter {
  readonly accepts: RecordFilter;
  /** Events looked at before a page ends without a match. */
  readonly window: number;
  /** A checkpoint is due after this many windows. */
  readonly multiplier: number;
  /** Its source, so that a persistent subscription can keep it. */
  readonly source: FilterSource;
}

export interface FilterSource {
  readonly on: "stream" | "type";
  readonly regex?: string;
  readonly prefixes?: readonly string[];
  readonly window: number;
  readonly multiplier: number;
}

export const DEFAULT_WINDOW = 32;
const CACHED_ANSWERS = 4096;

/** Reads `FilterOptions`, which the Streams and the PersistentSubscriptions service share. */
export function readFilter(reader: ProtoReader): AllFilter {
  let on: "stream" | "type" | undefined;
  let expression: { regex: string; prefixes: string[] } = { regex: "", prefixes: [] };
  let window = DEFAULT_WINDOW;
  let multiplier = 1;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        on = "stream";
        expression = readExpression(reader.message());
        break;
      case 2:
        on = "type";
        expression = readExpression(reader.message());
        break;
      case 3:
        window = reader.varint();
        if (window === 0) throw invalidArgument("The search window of a filter must be greater than 0.");
        break;
      case 5:
        multiplier = reader.varint();
        break;
      default:
        reader.skip();
    }
  }
  if (on === undefined) throw invalidArgument("A filter must name stream names or event types.");
  if (multiplier === 0) throw invalidArgument("The checkpoint interval of a filter must be greater than 0.");
  return compileFilter({
    on,
    window,
    multiplier,
    ...(expression.regex !== "" ? { regex: expression.regex } : { prefixes: expression.prefixes }),
  });
}

function readExpression(reader: ProtoReader): { regex: string; prefixes: string[] } {
  const expression = { regex: "", prefixes: [] as string[] };
  while (reader.next()) {
    if (reader.field === 1) expression.regex = reader.string();
    else if (reader.field === 2) expression.prefixes.push(reader.string());
    else reader.skip();
  }
  return expression;
}

export function compileFilter(source: FilterSource): AllFilter {
  const { on, regex, prefixes = [], window, multiplier } = source;
  const accepts =
    regex !== undefined
      ? matching(on, compileRegex(regex))
      : starting(
          on,
          prefixes.map((prefix) => Buffer.from(prefix, "utf8")),
        );
  return { accepts, window, multiplier, source };
}

function compileRegex(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch {
    throw invalidArgument(`The filter expression ${JSON.stringify(source)} is not a valid regular expression.`);
  }
}

/** Event types are few, so their answers are remembered; stream names are many and mostly new. */
function matching(on: "stream" | "type", regex: RegExp): RecordFilter {
  if (on === "stream") {
    return (b, o) => {
      const start = o + (b[o + 56] as number);
      return regex.test(b.utf8Slice(start, start + b.readUInt16LE(o + 58)));
    };
  }
  const answers = new Map<string, boolean>();
  return (b, o) => {
    const start = o + b.readUInt32LE(o + 64);
    const end = start + b.readUInt16LE(o + 60);
    const key = b.latin1Slice(start, end);
    let answer = answers.get(key);
    if (answer === undefined) {
      answer = regex.test(b.utf8Slice(start, end));
      if (answers.size >= CACHED_ANSWERS) answers.clear();
      answers.set(key, answer);
    }
    return answer;
  };
}

function starting(on: "stream" | "type", prefixes: readonly Buffer[]): RecordFilter {
  return (b, o) => {
    const start = o + (on === "stream" ? (b[o + 56] as number) : b.readUInt32LE(o + 64));
    const length = b.readUInt16LE(on === "stream" ? o + 58 : o + 60);
    for (const prefix of prefixes) {
      const size = prefix.length;
      if (size > length) continue;
      let i = 0;
      while (i < size && b[start + i] === prefix[i]) i++;
      if (i === size) return true;
    }
    return false;
  };
}
