/** How often each text was seen, in the order of first appearance. */
export type Tally = ReadonlyMap<string, number>;

/**
 * An article's best name: the description most often found on lines that somebody paid for. Remarks of the warehouse
 * (`damaged`, `?`, `found`) stand in the same column, but only on lines without a price; of those only what is written
 * as the titles are, in capitals, is taken, and only for want of better. On a tie the earlier one.
 */
export function bestTitle(code: string, paid: Tally, unpaid: Tally): string {
  const title = mostFrequent(paid, (text) => text !== "") ?? mostFrequent(unpaid, looksLikeTitle) ?? `Article ${code}`;
  return title.replaceAll(/\s+/g, " ").slice(0, 200).trimEnd();
}

function mostFrequent(tally: Tally, wanted: (text: string) => boolean): string | undefined {
  let best: string | undefined;
  let most = 0;
  for (const [text, count] of tally) {
    if (count > most && wanted(text)) [best, most] = [text, count];
  }
  return best;
}

const looksLikeTitle = (text: string): boolean =>
  /\p{Lu}{3}/u.test(text) && !/\p{Ll}{2}/u.test(text) && !text.includes("?") && !REMARKS.test(text);

/** Remarks that some clerk wrote in capitals. */
const REMARKS = /\b(CHECK|DAMAGES?|DAMAGED|FOUND|MISSING|LOST|COUNTED|ADJUST(MENT)?|THROWN|WRONG(LY)?|EBAY|AMAZON)\b/;

/** Lower case letters and digits with single hyphens between; empty when the text has none. */
export const slugOf = (text: string): string =>
  text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/['’]/g, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 80)
    .replaceAll(/^-+|-+$/g, "");

/**
 * A slug for each article that no other has: its title's; where titles collide with the code added; where codes differ
 * only by case with a number too. Depends on the order of the articles alone.
 */
export function uniqueSlugs(articles: readonly { readonly code: string; readonly title: string }[]): string[] {
  const taken = new Set<string>();
  return articles.map(({ code, title }) => {
    const plain = slugOf(title) || "article";
    const withCode = [plain, slugOf(code)].filter((part) => part !== "").join("-");
    let slug = taken.has(plain) ? withCode : plain;
    for (let number = 2; taken.has(slug); number++) slug = `${withCode}-${number}`;
    taken.add(slug);
    return slug;
  });
}
