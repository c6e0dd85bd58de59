import {
  ApiKeys,
  hashApiKey,
  isApiKey,
  newApiKey,
  shopperTokens,
  type Principal,
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
  function keys() {
    const asked: string[] = [];
    const clock = { now: 0 };
    const find = (hash: string) => {
      asked.push(hash);
      return Promise.resolve(hash === hashApiKey(key) ? owner : undefined);
    };
    return { asked, clock, keys: new ApiKeys({ find }, { ttl: 100, unknownTtl: 10, now: () => clock.now }) };
  }

  test("the store is asked once, also by many at once, until the answer is too old", async () => {
    const { asked, clock, keys: lookup } = keys();
    expect(await Promise.all([lookup.principal(key), lookup.principal(key)])).toEqual([owner, owner]);
    expect(lookup.principal(key)).toBe(owner);
    expect(asked).toHaveLength(1);
    clock.now = 100;
    await lookup.principal(key);
    expect(asked).toHaveLength(2);
  });

  test("an unknown key is nobody's, and is asked for again soon", async () => {
    const { asked, clock, keys: lookup } = keys();
    const other = "another-key-0123456";
    expect(await lookup.principal(other)).toBeUndefined();
    expect(lookup.principal(other)).toBeUndefined();
    clock.now = 10;
    await lookup.principal(other);
    expect(asked).toHaveLength(2);
  });

  test("what cannot be a key is not looked up", () => {
    const { asked, keys: lookup } = keys();
    expect(lookup.principal("short")).toBeUndefined();
    expect(asked).toHaveLength(0);
  });
});
