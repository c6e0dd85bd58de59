/** What a `Cache-Control` says. Seconds. */
export interface Directives {
  readonly isPublic: boolean;
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly mustRevalidate: boolean;
  /** For shared caches, where they are told something else. */
  readonly maxAge: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number | undefined;
}

/** Reads a `Cache-Control` (RFC 9111, RFC 5861). What is not understood is passed over. */
export function parseDirectives(header: string | undefined): Directives {
  const said = new Map<string, string>();
  for (const part of (header ?? "").toLowerCase().split(",")) {
    const [name = "", value = ""] = part.split("=");
    said.set(name.trim(), value.trim().replace(/^"|"$/g, ""));
  }
  const seconds = (name: string): number | undefined => {
    const value = said.get(name);
    return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  };
  return {
    isPublic: said.has("public"),
    noStore: said.has("no-store") || said.has("private"),
    noCache: said.has("no-cache"),
    mustRevalidate: said.has("must-revalidate") || said.has("proxy-revalidate"),
    maxAge: seconds("s-maxage") ?? seconds("max-age") ?? 0,
    staleWhileRevalidate: seconds("stale-while-revalidate") ?? 0,
    staleIfError: seconds("stale-if-error"),
  };
}
