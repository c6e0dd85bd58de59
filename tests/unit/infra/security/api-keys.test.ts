import {
  ApiKeys,
  hashApiKey,
  isApiKey,
  newApiKey,
  shopperTokens,
  SpentKey,
  type Principal,
  type StoredKey,
} from "../../../../src/infra/security";

describe("what can be an API key", () => {
  test.each(["my-own.key~0123456", "a".repeat(16), "a".repeat(128), "mk_0123456789abcdef"])("%s", (key) => {
    expect(isApiKey(key)).toBe(true);
  });

  test("a key that is made here, and begins with mk_", () => {
    const { key, hash } = newApiKey();
    expect([key.startsWith("mk_"), isApiKey(key), hash]).toEqual([true, true, hashApiKey(key)]);
  });

  test.each(["a".repeat(15), "a".repeat(129), "with space 0123456", "quo'te0123456789", `ms_${"A".repeat(64)}`, ""])(
    "not %s",
    (key) => expect(isApiKey(key)).toBe(false),
  );

  test("not a shopper token", () => {
    expect(isApiKey(shopperTokens("a secret for tests").issue("0b3f7c1e-52a4-4f4b-9b3a-6d8a2f0c7e11"))).toBe(false);
  });
});

describe("looking keys up", () => {
  const key = "my-own.key~0123456";
  const owner: Principal = { name: "root", roles: ["admin"] };

  /** A store that can be away, and the clock. */
  function keys(stored: StoredKey | undefined = { principal: owner }) {
    const store = { stored, asked: 0, away: false, noted: [] as ReadonlyMap<string, Date>[] };
    const clock = { now: 1_000_000 };
    const lookup = new ApiKeys(
      {
        async find(hash) {
          store.asked += 1;
          if (store.away) throw new Error("away");
          return hash === hashApiKey(key) ? store.stored : undefined;
        },
        async used(uses) {
          if (store.away) throw new Error("away");
          store.noted.push(uses);
        },
      },
      { fresh: 10, ttl: 30, unknownTtl: 10, stale: 600, now: () => clock.now },
    );
    return { store, clock, lookup };
  }

  test("the store is asked once, also by many at once; then again beside the requests, before the answer is too old", async () => {
    const { store, clock, lookup } = keys();
    expect(await Promise.all([lookup.principal(key), lookup.principal(key)])).toEqual([owner, owner]);
    expect(lookup.principal(key)).toBe(owner);
    expect(store.asked).toBe(1);
    clock.now += 10;
    expect(lookup.principal(key)).toBe(owner);
    expect(store.asked).toBe(2);
  });

  test("a key that is revoked works for the shortest while only, however much it is used", async () => {
    const { store, clock, lookup } = keys();
    await lookup.principal(key);
    store.stored = { principal: owner, revokedAt: new Date(clock.now) };
    clock.now += 31;
    await expect(async () => lookup.principal(key)).rejects.toThrow(new SpentKey("The API key was revoked."));
    expect(() => lookup.principal(key)).toThrow(SpentKey);
  });

  test("a key works until the moment at which it expires, without the store's being asked", async () => {
    const { store, clock, lookup } = keys({ principal: owner, expiresAt: new Date(1_000_005) });
    expect(await lookup.principal(key)).toBe(owner);
    clock.now += 5;
    expect(() => lookup.principal(key)).toThrow(/^The API key expired at 1970-01-01T00:16:40.005Z\.$/);
    expect(store.asked).toBe(1);
  });

  test("while the store is away its last word goes on, for a while", async () => {
    const { store, clock, lookup } = keys();
    await lookup.principal(key);
    store.away = true;
    clock.now += 100;
    expect(await lookup.principal(key)).toBe(owner);
    clock.now += 600;
    await expect(async () => lookup.principal(key)).rejects.toThrow("away");
  });

  test("an unknown key is nobody's, and is asked for again soon", async () => {
    const { store, clock, lookup } = keys();
    const other = "another-key-0123456";
    expect(await lookup.principal(other)).toBeUndefined();
    expect(lookup.principal(other)).toBeUndefined();
    clock.now += 10;
    await lookup.principal(other);
    expect(store.asked).toBe(2);
  });

  test("what cannot be a key is not looked up", () => {
    const { store, lookup } = keys();
    expect(lookup.principal("short")).toBeUndefined();
    expect(store.asked).toBe(0);
  });

  test("many uses are noted together, with the last one's time, and again when that failed", async () => {
    const { store, clock, lookup } = keys();
    await lookup.principal(key);
    await lookup.principal("another-key-0123456");
    clock.now += 5;
    void lookup.principal(key);
    store.away = true;
    await lookup.note();
    store.away = false;
    await lookup.note();
    await lookup.note();
    expect(store.noted).toEqual([new Map([[hashApiKey(key), new Date(1_000_005)]])]);
  });
});
