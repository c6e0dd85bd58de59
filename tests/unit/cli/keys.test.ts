import { expiryOf } from "../../../src/cli/keys";

const now = Date.parse("2030-01-01T00:00:00Z");

test.each([
  ["90d", "2030-04-01T00:00:00.000Z"],
  ["12h", "2030-01-01T12:00:00.000Z"],
  ["2030-01-31", "2030-01-31T00:00:00.000Z"],
  ["2030-01-31T10:00+01:00", "2030-01-31T09:00:00.000Z"],
])("a key can work for or until %s", (text, until) => expect(expiryOf(text, now)?.toISOString()).toBe(until));

test("it works until it is revoked where nothing is said", () => expect(expiryOf(undefined, now)).toBeUndefined());

test.each(["soon", "90", "-1d", "2030-13-01", "January 2031", "true"])("not %s", (text) =>
  expect(() => expiryOf(text, now)).toThrow(`--expires must be such as 90d, 12h or 2030-01-31, not ${text}.`),
);

test.each(["0d", "2029-12-31", "2030-01-01"])("not %s, which is past", (text) =>
  expect(() => expiryOf(text, now)).toThrow(`--expires must be in the future, which ${text} is not.`),
);
