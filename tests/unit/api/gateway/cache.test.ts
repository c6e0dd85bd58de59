import { parseDirectives } from "../../../../src/api/gateway/cache/directives";
import { entryOf, renewed } from "../../../../src/api/gateway/cache/entry";
import { decide, type Kept } from "../../../../src/api/gateway/cache/freshness";
import { WrittenTokens } from "../../../../src/api/gateway/cache/written";
import { encodeToken } from "../../../../src/api/http";

const unwatched = () => undefined;

function kept(cacheControl: string, over: Partial<Kept> = {}): Kept {
  return { storedAt: 0, directives: parseDirectives(cacheControl), position: -1n, origin: undefined, ...over };
}

const at = (seconds: number, entry: Kept, generation: (instance: string) => number | undefined = unwatched) =>
  decide(entry, { token: undefined, anew: false }, seconds * 1_000, generation, 300_000);

test("directives, shared caches first", () => {
  expect(parseDirectives('Public, max-age=60, s-maxage="10", stale-while-revalidate=5')).toMatchObject({
    isPublic: true,
    maxAge: 10,
    staleWhileRevalidate: 5,
    staleIfError: undefined,
  });
  expect(parseDirectives(undefined)).toMatchObject({ isPublic: false, noStore: false, maxAge: 0 });
  expect(parseDirectives("private, no-cache, max-age=soon")).toMatchObject({ noStore: true, noCache: true, maxAge: 0 });
});

test("by age alone: fresh, stale while revalidating, to be asked about, too old even for an error", () => {
  const entry = kept("public, max-age=60, stale-while-revalidate=600");
  expect(at(59, entry)).toEqual({ use: "fresh" });
  expect(at(61, entry)).toEqual({ use: "stale" });
  expect(at(661, entry)).toEqual({ use: "revalidate", ifError: false });
  expect(at(61, kept("public, max-age=60, must-revalidate, stale-while-revalidate=600"))).toEqual({
    use: "revalidate",
    ifError: true,
  });
  expect(at(1, kept("public, no-cache, max-age=60"))).toEqual({ use: "revalidate", ifError: true });
  expect(at(70, kept("public, max-age=60, stale-if-error=5"))).toEqual({ use: "revalidate", ifError: false });
});

test("an instance that tells of changes: fresh while it says nothing, for two seconds at most", () => {
  const entry = kept("public, max-age=0, must-revalidate", { origin: { instance: "a", generation: 7 } });
  expect(at(1.9, entry, () => 7)).toEqual({ use: "fresh" });
  expect(at(2.1, entry, () => 7)).toEqual({ use: "revalidate", ifError: true });
  expect(at(0.1, entry, () => 8)).toEqual({ use: "revalidate", ifError: true });
  expect(at(0.1, entry)).toEqual({ use: "revalidate", ifError: true });
  const long = kept("public, max-age=60", { origin: { instance: "a", generation: 7 } });
  expect(at(50, long, () => 7)).toEqual({ use: "fresh" });
  expect(at(50, long, () => 8)).toEqual({ use: "revalidate", ifError: true });
});

test("a token is never answered with less", () => {
  const entry = kept("public, max-age=60", { position: 100n });
  const wants = (token: bigint) => decide(entry, { token, anew: false }, 0, unwatched, 300_000);
  expect(wants(100n)).toEqual({ use: "fresh" });
  expect(wants(101n)).toEqual({ use: "revalidate", ifError: false });
});

test("a caller may ask anew", () => {
  const entry = kept("public, max-age=60");
  expect(decide(entry, { token: undefined, anew: true }, 0, unwatched, 1_000)).toEqual({ use: "revalidate", ifError: true }); // prettier-ignore
});

const answer = (headers: readonly string[], status = 200) => ({
  status,
  headers,
  body: Buffer.from("{}"),
  origin: undefined,
});

test("what is kept is what was said to be public, without what is of one answer only", () => {
  const entry = entryOf(
    answer(["Cache-Control", "public, max-age=1", "ETag", '"1"', "X-Correlation-Id", "c", "Vary", "Accept-Encoding"]),
    5n,
    10,
  );
  expect(entry).toMatchObject({ etag: '"1"', position: 5n, storedAt: 10 });
  expect(entry?.headers).not.toContain("X-Correlation-Id");
  expect(entryOf(answer(["Cache-Control", "public"], 404), 0n, 0)).toBeUndefined();
  expect(entryOf(answer(["Cache-Control", "public", "Vary", "Accept-Language"]), 0n, 0)).toBeUndefined();
  // What is kept is given for no token that it does not reflect, so that answers may depend on that.
  expect(
    entryOf(answer(["Cache-Control", "public", "Vary", "Accept-Encoding, Consistency-Token"]), 0n, 0),
  ).toBeDefined();
  expect(entryOf(answer(["Cache-Control", "public", "Vary", "Consistency-Token, Cookie"]), 0n, 0)).toBeUndefined();
  expect(entryOf(answer(["Cache-Control", "public", "Set-Cookie", "a=b"]), 0n, 0)).toBeUndefined();
  expect(entryOf(answer([]), 0n, 0)).toBeUndefined();
});

test("an entry that still holds is as new as the answer that said so", () => {
  const entry = entryOf(answer(["Cache-Control", "public, max-age=1", "ETag", '"1"']), 5n, 10);
  if (!entry) throw new Error("not kept");
  const again = renewed(entry, answer(["Cache-Control", "public, max-age=9"], 304), 3n, 20);
  expect(again).toMatchObject({ storedAt: 20, position: 5n, directives: { maxAge: 9 }, body: entry.body });
});

describe("the token of the last write of an aggregate", () => {
  const [earlier, last, later] = [encodeToken(10n), encodeToken(20n), encodeToken(30n)];
  const written = new WrittenTokens();
  written.remember("carts/1", undefined, last);

  test("goes with requests that name none, and with reads that name an earlier one", () => {
    expect(written.beyond("carts/1", undefined, "command")).toBe(last);
    expect(written.beyond("carts/1", undefined, "read")).toBe(last);
    expect(written.beyond("carts/1", earlier, "read")).toBe(last);
  });

  test("replaces no later one, nothing that is no token, and what a command waits for", () => {
    expect(written.beyond("carts/1", later, "read")).toBeUndefined();
    expect(written.beyond("carts/1", "no token", "read")).toBeUndefined();
    expect(written.beyond("carts/1", earlier, "command")).toBeUndefined();
    expect(written.beyond("carts/2", earlier, "read")).toBeUndefined();
  });
});
