import { createHmac } from "node:crypto";
import { ExpiredShopperToken, isApiKey, shopperTokens } from "../../../../src/infra/security";

/* What makes a caller a shopper: whose it is and until when, signed. */

const SECRET = "a secret for tests";
const SHOPPER = "0b3f7c1e-52a4-4f4b-9b3a-6d8a2f0c7e11";
const BEGUN = Date.parse("2026-03-14T10:00:00Z");
const HOUR = 3_600;

/** Tokens that work for an hour, on a clock that stands still until it is moved. */
function hourly(secret = SECRET) {
  let seconds = 0;
  const tokens = shopperTokens(secret, { lifetime: HOUR, now: () => BEGUN + seconds * 1_000 });
  return { ...tokens, at: (time: number) => (seconds = time) };
}

const expiredAt = (tokens: ReturnType<typeof hourly>, token: string): unknown => {
  try {
    return tokens.verify(token);
  } catch (error) {
    return error;
  }
};

test("a token speaks for its shopper until it expires, and then says so", () => {
  const tokens = hourly();
  const token = tokens.issue(SHOPPER);
  expect(tokens.verify(token)).toEqual({ id: SHOPPER });
  tokens.at(HOUR - 0.001);
  expect(tokens.verify(token)).toEqual({ id: SHOPPER });
  tokens.at(HOUR);
  const error = expiredAt(tokens, token);
  expect(error).toBeInstanceOf(ExpiredShopperToken);
  expect(error).toMatchObject({
    shopper: { id: SHOPPER },
    message: "The shopper token expired at 2026-03-14T11:00:00.000Z.",
  });
  expect(tokens.expiryOf(BEGUN)).toEqual(new Date("2026-03-14T11:00:00Z"));
});

test("a token is the same for the same moment, wherever it is made", () => {
  expect(hourly().issue(SHOPPER, BEGUN + 999)).toBe(hourly().issue(SHOPPER, BEGUN));
  expect(hourly().issue(SHOPPER, BEGUN + 1_000)).not.toBe(hourly().issue(SHOPPER, BEGUN));
  expect(isApiKey(hourly().issue(SHOPPER))).toBe(false);
});

test("one in use is followed by another after a tenth of its life, and works on beside it", () => {
  const tokens = hourly();
  const first = tokens.issue(SHOPPER);
  tokens.verify(first);
  tokens.at(HOUR / 10 - 1);
  expect(tokens.renewed(first)).toBeUndefined();
  tokens.at(HOUR / 10);
  const second = tokens.renewed(first) ?? "";
  expect(tokens.verify(second)).toEqual({ id: SHOPPER });
  expect(tokens.verify(first)).toEqual({ id: SHOPPER });
  tokens.at(HOUR + 1);
  expect(expiredAt(tokens, first)).toBeInstanceOf(ExpiredShopperToken);
  expect(tokens.verify(second)).toEqual({ id: SHOPPER });
});

test("whoever comes in time goes on for ever", () => {
  const tokens = hourly();
  let token = tokens.issue(SHOPPER);
  for (let visit = 1; visit <= 50; visit++) {
    tokens.at(visit * HOUR * 0.85);
    expect(tokens.verify(token)).toEqual({ id: SHOPPER });
    token = tokens.renewed(token) ?? token;
  }
});

test("what was signed before tokens expired counts as expired, and still says whose it was", () => {
  const id = Buffer.from(SHOPPER.replaceAll("-", ""), "hex");
  const signed = createHmac("sha256", SECRET).update(id).digest();
  const timeless = `ms_${Buffer.concat([id, signed]).toString("base64url")}`;
  expect(expiredAt(hourly(), timeless)).toMatchObject({
    shopper: { id: SHOPPER },
    message: "The shopper token expired.",
  });
});

test("nobody makes a token, changes one, or prolongs one", () => {
  const tokens = hourly();
  const token = tokens.issue(SHOPPER);
  const bytes = Buffer.from(token.slice(3), "base64url");
  for (let place = 0; place < bytes.length; place++) {
    const forged = Buffer.from(bytes);
    forged[place] = (forged[place] ?? 0) ^ 1;
    expect(tokens.verify(`ms_${forged.toString("base64url")}`)).toBeUndefined();
  }
  // The signature of a token does not make one of the other form.
  const shorter = Buffer.concat([bytes.subarray(0, 16), bytes.subarray(20)]);
  expect(tokens.verify(`ms_${shorter.toString("base64url")}`)).toBeUndefined();
  for (const text of ["", "ms_", "ms_short", `${token}A`, token.replace("ms_", "mk_")])
    expect(tokens.verify(text)).toBeUndefined();
  expect(hourly("another secret of tests").verify(token)).toBeUndefined();
});

test("a shopper is named by a UUID", () => {
  expect(() => hourly().issue("ada@example.org")).toThrow("a shopper id is a UUID in lower case");
});
