import { isLocalRequest, isLoopback } from "../../../../src/infra/security";

test.each(["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "::1", "[::1]", "::ffff:127.0.0.1"])(
  "%s is this machine alone",
  (host) => expect(isLoopback(host)).toBe(true),
);
test.each(["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "128.0.0.1", ""])("%s is not", (host) =>
  expect(isLoopback(host)).toBe(false),
);

describe("a request of this machine", () => {
  test.each<[headers: Record<string, string>]>([
    [{}],
    [{ host: "127.0.0.1:8080" }],
    [{ host: "[::1]:8080" }],
    [{ host: "localhost", origin: "http://localhost:3000" }],
  ])("%j", (headers) => expect(isLocalRequest(headers)).toBe(true));

  test.each<[why: string, headers: Record<string, string>]>([
    ["through a proxy", { host: "localhost", "x-forwarded-for": "10.0.0.1" }],
    ["through a proxy of the new kind", { host: "localhost", forwarded: "for=10.0.0.1" }],
    ["from a page of elsewhere", { host: "localhost", origin: "https://example.org" }],
    ["from a page without an origin", { host: "localhost", origin: "null" }],
    ["under another name", { host: "rebound.example.org:8080" }],
  ])("not %s", (_why, headers) => expect(isLocalRequest(headers)).toBe(false));
});
