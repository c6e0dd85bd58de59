import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PLANTED } from "./planted";

/*
 * Secrets and personal data never get into a log. Every shop and program that tests start has distinctive ones planted
 * (`planted.ts`), and what they log is kept until the run ends; then all of it is looked through.
 */

interface Kind {
  readonly what: string;
  readonly pattern: RegExp;
  /** Commands show such on purpose, on standard output. */
  readonly shown?: true;
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

const KINDS: readonly Kind[] = [
  { what: "an API key", pattern: /\bmk_[\w.~-]{12,}/, shown: true },
  { what: "a shopper token", pattern: /\bms_[\w-]{20,}/ },
  { what: "a signed token", pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/ },
  { what: "a login", pattern: /\b(?:mongodb|esdb|kurrentdb)(?:\+\w+)?:\/\/[^\s"/@:]+:[^\s"/@]+@/ },
  { what: "a card token", pattern: /\btok_\w+/ },
  ...Object.entries(PLANTED).map(([what, text]) => ({ what, pattern: new RegExp(literally(text)) })),
];

/** Where a secret was found; it is not shown again. */
export interface Leak {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  /** The line with the secret left out. */
  readonly around: string;
}

/** All that a text gives away. @param shown it is standard output of a command, which may show what it made */
export function leaksIn(text: string, file: string, shown = false): readonly Leak[] {
  const leaks: Leak[] = [];
  for (const { what, pattern, shown: may } of KINDS) {
    if ((shown && may) || !pattern.test(text)) continue;
    for (const [index, line] of text.split("\n").entries())
      if (pattern.test(line))
        leaks.push({ file, line: index + 1, what, around: line.replace(pattern, "[…]").slice(0, 300) });
  }
  return leaks;
}

/** All that the logs in a folder give away. */
export const leaksUnder = (folder: string): readonly Leak[] =>
  existsSync(folder)
    ? readdirSync(folder).flatMap((file) =>
        leaksIn(readFileSync(join(folder, file), "utf8"), file, file.endsWith(".out")),
      )
    : [];
