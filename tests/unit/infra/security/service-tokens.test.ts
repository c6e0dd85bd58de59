import { SignJWT } from "jose";
import { InvalidServiceToken, serviceTokenCheck, serviceTokenSigner } from "../../../../src/infra/security";

/* Tokens by which services know the gateways of their shop. */

const KEY = "a key of gateways and services, long enough";
const OTHER = "another key of gateways and services, as long";
const clock = { now: 1_900_000_000_000 };
const now = () => clock.now;
const sign = serviceTokenSigner(KEY, now);
const check = (also?: readonly string[]) => serviceTokenCheck({ key: KEY, also }, ["cart", "pricing"], now);
const outcome = async (token: string, checked = check()): Promise<string> => {
  try {
    await checked(token);
    return "good";
  } catch (error) {
    if (!(error instanceof InvalidServiceToken)) throw error;
    return error.message;
  }
};
const made = (claims: object, key = KEY, header: { alg: string } = { alg: "HS256" }) => {
  const at = Math.floor(now() / 1_000);
  return new SignJWT({ iss: "millrace-gateway", aud: "cart", iat: at, exp: at + 60, ...claims })
    .setProtectedHeader(header)
    .sign(new TextEncoder().encode(key));
};

test("a gateway's token is good for its service, for a minute, and is used again meanwhile", async () => {
  const token = sign("cart");
  const checked = check();
  expect(await outcome(token, checked)).toBe("good");
  expect(checked(token)).toBeUndefined();
  expect([sign("cart"), sign("pricing") === token]).toEqual([token, false]);
  clock.now += 20_000;
  const next = sign("cart");
  expect(next).not.toBe(token);
  clock.now += 46_000;
  expect(await outcome(token, checked)).toBe("The service token has expired.");
  expect(await outcome(next, checked)).toBe("good");
});

test("a clock that is put back leaves no token of the future in use", async () => {
  const ahead = serviceTokenSigner(KEY, now);
  clock.now += 600_000;
  ahead("cart");
  clock.now -= 600_000;
  expect(await outcome(ahead("cart"))).toBe("good");
});

test.each([
  ["for another service", { aud: "payment" }, "The service token is meant for another service."],
  ["of another issuer", { iss: "elsewhere" }, "The service token's claim iss is missing or wrong."],
  ["for longer than gateways ask", { exp: 1_999_999_999 }, "A service token is good for 60 seconds at most."],
  ["without an end", { exp: undefined }, "The service token's claim exp is missing or wrong."],
  ["without a beginning", { iat: undefined }, "The service token's claim iat is missing or wrong."],
])("not one %s", async (_, claims, reason) => expect(await outcome(await made(claims))).toBe(reason));

test("not one of another key, algorithm or form, nor one that was changed", async () => {
  const unsigned = "The service token is not signed by a gateway of this shop.";
  expect(await outcome(await made({}, OTHER))).toBe(unsigned);
  expect(await outcome(await made({}, KEY, { alg: "HS384" }))).toBe(unsigned);
  const [head, , signature] = sign("cart").split(".");
  const claims = Buffer.from(JSON.stringify({ aud: "cart" })).toString("base64url");
  expect(await outcome(`${head}.${claims}.${signature}`)).toBe(unsigned);
  const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  expect(await outcome(`${none}.${claims}.`)).toBe(unsigned);
  for (const text of ["", "a", "a.b.c", "x".repeat(5_000)]) expect(await outcome(text)).not.toBe("good");
});

test("while keys change, two are taken", async () => {
  const before = await made({}, OTHER);
  expect([await outcome(before), await outcome(before, check([OTHER]))]).toEqual([expect.stringMatching(/not signed/), "good"]); // prettier-ignore
  expect(await outcome(sign("cart"), check([OTHER]))).toBe("good");
});
