import { createLogger } from "../../../../src/infra/observability";

/* Whoever logs an object by mistake logs nobody's data. */

const PERSON = { email: "ada@example.org", phone: "+44 20", shippingAddress: { name: "Ada", line1: "12 Square" }, owner: "0b3f", customer: "17850", payment: { token: "tok" } }; // prettier-ignore

test.each([
  ["itself", PERSON],
  ["within another", { order: PERSON }],
  ["two levels down", { event: { data: PERSON } }],
  ["an address by its lines", { address: { name: "Ada", line1: "12 Square" }, line1: "12 Square" }],
  ["headers", { headers: { authorization: "Bearer ms_x", "shopper-token": "ms_x", "x-api-key": "mk_x" } }],
])("personal data and secrets are not written: %s", (_, logged) => {
  let text = "";
  createLogger({ level: "trace", destination: { write: (line) => void (text += line) } }).warn(logged, "told");
  expect(text).toContain("[redacted]");
  for (const value of ["ada@", "+44", "Ada", "12 Square", "0b3f", "17850", "tok", "ms_x", "mk_x"])
    expect([value, text.replaceAll("shopper-token", "").replaceAll('"token"', "").includes(value)]).toEqual([value, false]); // prettier-ignore
});
