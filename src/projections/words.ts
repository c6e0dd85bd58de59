/**
 * The words of a text as they are searched for: lower case, without accents, letters and digits only, each once. What
 * shoppers type is taken apart in the same way, so that `Crème-brûlée` is found by `creme bru`; each typed word then
 * matches a word that begins with it. The words are safe to put into a regular expression.
 */
export function words(...texts: readonly string[]): string[] {
  const plain = texts.join(" ").toLowerCase().replaceAll("ß", "ss").normalize("NFKD").replace(/\p{M}/gu, "");
  return [...new Set(plain.match(/[\p{L}\p{N}]+/gu))];
}

/** A text as it is sorted: as people expect it, whatever its case, accents and punctuation. */
export const sortable = (text: string): string => words(text).join(" ");
