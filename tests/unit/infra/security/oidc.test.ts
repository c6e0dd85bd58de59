import { createHmac } from "node:crypto";
import { type JWTPayload } from "jose";
import { type Identity, InvalidToken, IssuerUnavailable, isUserToken, oidcTokens, type OidcOptions } from "../../../../src/infra/security"; // prettier-ignore
import { rolesIn } from "../../../../src/infra/security/oidc";
import { type Claims, startIssuer, type TestIssuer } from "../../../support/issuer";

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.stop());
afterEach(() => issuer.setUp(true));

const clock = { ahead: 0 };
const now = () => Date.now() + clock.ahead;
beforeEach(() => {
  clock.ahead = 0;
});

const tokens = (options: Partial<OidcOptions> = {}) =>
  oidcTokens({ issuer: issuer.url, audience: issuer.audience, rolesClaim: "roles", cooldown: 0, now, ...options });

/** What becomes of a token: who it speaks for, or why it is refused. */
async function judged(token: string, checking = tokens()): Promise<Identity | string> {
  try {
    return await checking.verify(token);
  } catch (error) {
    if (error instanceof InvalidToken || error instanceof IssuerUnavailable) return error.message;
    throw error;
  }
}

const seconds = () => Math.floor(Date.now() / 1_000);
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

test("a good token: subject and those roles that are ours", async () => {
  const token = await issuer.token({ sub: "8f2c", roles: ["support", "superuser", "stock"] });
  expect(isUserToken(token)).toBe(true);
  expect(await judged(token)).toEqual({ principal: { kind: "user", name: "8f2c", roles: ["support", "stock"] } });
});

test("a customer is always the same shopper, and another one than every other customer", async () => {
  const shopperOf = async (sub: string) => {
    const identity = await judged(await issuer.token({ sub, roles: ["customer"] }));
    return typeof identity === "string" ? identity : identity.shopper?.id;
  };
  expect(await shopperOf("a")).toMatch(/^[0-9a-f-]{36}$/);
  expect(await shopperOf("a")).toBe(await shopperOf("a"));
  expect(await shopperOf("a")).not.toBe(await shopperOf("b"));
});

test("a subject that tells of a person is known by another name, always the same", async () => {
  const nameOf = async () => {
    const identity = await judged(await issuer.token({ sub: "jane.doe@example.com", roles: ["support"] }));
    return typeof identity === "string" ? identity : identity.principal?.name;
  };
  expect(await nameOf()).toMatch(/^[0-9a-f-]{36}$/);
  expect(await nameOf()).toBe(await nameOf());
});

describe("refused", () => {
  test.each<[why: string, claims: () => Claims, message: string]>([
    ["expired", () => ({ exp: seconds() - 30 }), "The token has expired."],
    ["meant for others", () => ({ aud: "another-shop" }), "The token is meant for somebody else (aud)."],
    ["meant for nobody", () => ({ aud: undefined }), "The token is meant for somebody else (aud)."],
    ["of another issuer", () => ({ iss: "https://elsewhere.example" }), "The token is from another issuer (iss)."],
    ["not valid yet", () => ({ nbf: seconds() + 60 }), "The token is not valid yet (nbf)."],
    ["without end", () => ({ exp: undefined }), "The token's claim exp is missing or wrong."],
    ["of nobody", () => ({ sub: "" }), "The token's sub must be 1 to 255 characters."],
  ])("%s", async (_why, claims, message) => {
    expect(await judged(await issuer.token(claims()))).toBe(message);
  });

  test("not signed at all", async () => {
    const [, payload] = (await issuer.token({ roles: ["admin"] })).split(".");
    const token = `${part({ alg: "none" })}.${payload}.`;
    expect(await judged(token)).toBe("The token is not signed in a way that is taken here (alg).");
  });

  test("signed with the public key as if it were a shared secret", async () => {
    const [, payload] = (await issuer.token({ roles: ["admin"] })).split(".");
    const key = issuer.publicKey();
    const content = `${part({ alg: "HS256", kid: key.kid })}.${payload}`;
    const token = `${content}.${createHmac("sha256", JSON.stringify(key)).update(content).digest("base64url")}`;
    expect(await judged(token)).toBe("The token is not signed in a way that is taken here (alg).");
  });

  test("another payload than was signed", async () => {
    const [head, payload = "", signature] = (await issuer.token({ roles: ["support"] })).split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    expect(await judged(`${head}.${part({ ...claims, roles: ["admin"] })}.${signature}`)).toBe(
      "The token's signature is wrong.",
    );
  });

  test("no token at all, and one that is longer than any", async () => {
    expect(await judged("eyJ.e30.")).toBe("The token is not well formed.");
    expect(await judged(await issuer.token({ much: "x".repeat(9_000) }))).toMatch(/8192 characters long at most/);
  });
});

test("clocks may be a few seconds apart", async () => {
  expect(await judged(await issuer.token({ exp: seconds() - 2, roles: [] }))).toMatchObject({ principal: {} });
});

test("a token that was good is not believed beyond its end", async () => {
  const checking = tokens();
  const token = await issuer.token({ exp: seconds() + 20 });
  expect(await judged(token, checking)).toMatchObject({ principal: {} });
  clock.ahead = 40_000;
  expect(await judged(token, checking)).toBe("The token has expired.");
});

describe("the issuer's keys", () => {
  test("are fetched once for many, and kept", async () => {
    const checking = tokens();
    const before = issuer.asked();
    const many = await Promise.all([1, 2, 3, 4].map((n) => issuer.token({ sub: `user-${n}` })));
    await Promise.all(many.map((token) => judged(token, checking)));
    expect(issuer.asked() - before).toBe(1);
  });

  test("a new one is found when a token names it; one that is no longer listed counts no more", async () => {
    const checking = tokens();
    const old = await issuer.token({ sub: "old" });
    expect(await judged(old, checking)).toMatchObject({ principal: { name: "old" } });
    await issuer.rotate();
    const unseen = await judged(await issuer.token({ sub: "new" }), checking);
    expect(unseen).toMatchObject({ principal: { name: "new" } });
    clock.ahead = 61_000;
    expect(await judged(old, checking)).toMatch(/does not list/);
  });

  test("names that nobody has do not have the issuer asked each time", async () => {
    const checking = tokens({ cooldown: 60_000 });
    await judged(await issuer.token(), checking);
    const before = issuer.asked();
    for (const kid of ["a", "b", "c"])
      expect(await judged(await issuer.token({}, { kid }), checking)).toMatch(/does not list/);
    expect(issuer.asked()).toBe(before);
  });

  test("go on while the issuer is away, but not for ever", async () => {
    const checking = tokens({ maxAge: 1_000, maxStale: 120_000 });
    await judged(await issuer.token(), checking);
    issuer.setUp(false);
    clock.ahead = 60_000;
    const later = { exp: seconds() + 600 };
    expect(await judged(await issuer.token({ ...later, sub: "later" }), checking)).toMatchObject({
      principal: { name: "later" },
    });
    clock.ahead = 130_000;
    expect(await judged(await issuer.token({ ...later, sub: "too late" }), checking)).toMatch(/cannot be had/);
  });

  test("without any, nobody can be told good from bad, until the issuer is back", async () => {
    const checking = tokens({ rest: 0 });
    issuer.setUp(false);
    expect(await judged(await issuer.token(), checking)).toMatch(/cannot be had: .* answers 503$/);
    issuer.setUp(true);
    expect(await judged(await issuer.token(), checking)).toMatchObject({ principal: {} });
  });

  test("an issuer that calls itself otherwise is not believed", async () => {
    const checking = tokens({ issuer: `${issuer.url}/` });
    expect(await judged(await issuer.token(), checking)).toMatch(/it calls itself/);
  });
});

test.each<[claims: JWTPayload, path: string, roles: readonly string[]]>([
  [{ roles: ["admin"] }, "roles", ["admin"]],
  [{ scope: "openid stock finance" }, "scope", ["stock", "finance"]],
  [{ realm_access: { roles: ["stock", "stock", 7] } }, "realm_access.roles", ["stock"]],
  [{ "https://shop.example/roles": ["support"] }, "https://shop.example/roles", ["support"]],
  [{ roles: { admin: true } }, "roles", []],
  [{}, "roles", []],
  [{}, "constructor.name", []],
])("roles in %j by %s", (claims, path, roles) => {
  expect(rolesIn(claims, path)).toEqual(roles);
});
