/**
 * Headers of every answer, as a flat list of names and values: the content is data and nothing else. No browser
 * guesses its type, runs or frames it, or tells others the address it came from.
 */
export const SECURITY_HEADERS: readonly string[] = [
  "X-Content-Type-Options",
  "nosniff",
  "Content-Security-Policy",
  "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy",
  "no-referrer",
];
