import { clientAddress, credentialOf, parseProxies } from "../../../../src/api/gateway/guard/client";
import { allowedOrigin, parseCors } from "../../../../src/api/gateway/guard/cors";
import { refusalOf } from "../../../../src/api/gateway/guard/request-check";
import { requestHeaders, responseHeaders } from "../../../../src/api/gateway/proxy/headers";
import { parseSources } from "../../../../src/api/gateway/discovery/source";

const request = (url: string, rawHeaders: string[] = [], method = "GET") => ({
  method,
  url,
  rawHeaders: ["Host", "shop.example", ...rawHeaders],
  httpVersionMajor: 1,
  httpVersionMinor: 1,
});

test.each([
  "/store/v1/products?q=a//b&x=%2e%2e",
  "/store/v1/products/%E0%A4%A",
  "/store/v1/products/a.b..c",
  "/store/v1/products/.hidden",
])("%s is passed on", (url) => {
  expect(refusalOf(request(url))).toBeUndefined();
});

test.each([
  ["//evil.example/", "empty segment"],
  ["/a/../b", "dot segment"],
  ["/a/./b", "dot segment"],
  ["/a/%2E%2E/b", "dot segment"],
  ["/a%2fb", "dot segment"],
  ["/a\\b", "backslash"],
  ["/a%00", "NUL"],
  ["*", "slash"],
  ["http://a/b", "slash"],
  [`/${"a".repeat(9_000)}`, "longer"],
])("%s is refused", (url, why) => {
  expect(refusalOf(request(url))?.message).toContain(why);
});

test("too many headers, an unknown expectation, HTTP/1.0 with chunks", () => {
  const many = Array.from({ length: 101 }, (_, i) => [`X-${i}`, "1"]).flat();
  expect(refusalOf(request("/", many))?.status).toBe(431);
  expect(refusalOf(request("/", ["Expect", "the-worst"], "POST"))?.status).toBe(417);
  const old = { ...request("/", ["Transfer-Encoding", "chunked"], "POST"), httpVersionMinor: 0 };
  expect(refusalOf(old)?.status).toBe(400);
});

test("who calls: the connection, or what trusted proxies say, from the last to the first that is not one", () => {
  const proxies = parseProxies("10.0.0.0/8, 192.168.1.1, fd00::/8");
  expect(clientAddress("1.1.1.1", "2.2.2.2", proxies)).toBe("1.1.1.1");
  expect(clientAddress("10.0.0.1", "2.2.2.2, 3.3.3.3, 10.9.9.9", proxies)).toBe("3.3.3.3");
  expect(clientAddress("::ffff:10.0.0.1", "2.2.2.2", proxies)).toBe("2.2.2.2");
  expect(clientAddress("fd00::1", "2001:db8::1", proxies)).toBe("2001:db8::1");
  expect(clientAddress("10.0.0.1", "nonsense", proxies)).toBe("10.0.0.1");
  expect(clientAddress("10.0.0.1", undefined, proxies)).toBe("10.0.0.1");
  expect(clientAddress(undefined, undefined, undefined)).toBe("unknown");
  expect(() => parseProxies("10.0.0.0/33")).toThrow('not "10.0.0.0/33"');
});

test("what a caller shows", () => {
  expect(credentialOf({ authorization: "Bearer abc" })).toBe("abc");
  expect(credentialOf({ "x-api-key": "mk_1" })).toBe("mk_1");
  expect(credentialOf({})).toBeUndefined();
});

test("origins by service", () => {
  const policy = parseCors("storefront=*; backoffice=https://a.example,https://b.example:8443");
  expect(allowedOrigin(policy, "storefront", "https://x.example")).toBe("*");
  expect(allowedOrigin(policy, "backoffice", "https://b.example:8443")).toBe("https://b.example:8443");
  expect(allowedOrigin(policy, "backoffice", "https://b.example")).toBeUndefined();
  expect(allowedOrigin(policy, "analytics", "https://a.example")).toBeUndefined();
  expect(() => parseCors("backoffice=https://a.example/path")).toThrow("backoffice=https://a.example/path");
});

const added = { forwardedFor: "1.1.1.1", protocol: "https", correlationId: "c", deadline: "10", consistencyToken: undefined, traceparent: undefined } as const; // prettier-ignore

test("headers that Connection names end here too, but not those that the gateway lives by", () => {
  const headers = requestHeaders(
    ["Host", "shop", "Connection", "close, X-Secret, Authorization", "X-Secret", "1", "Authorization", "Bearer a"],
    added,
  );
  expect(headers).not.toContain("X-Secret");
  expect(headers).not.toContain("Connection");
  expect(headers).toEqual(expect.arrayContaining(["Authorization", "X-Forwarded-Host", "shop", "X-Forwarded-Proto"]));
});

test("answers keep what repeats, byte for byte", () => {
  const raw = ["Set-Cookie", "a=1", "Set-Cookie", "b=\xe4", "Connection", "X-Own", "X-Own", "1"].map((text) =>
    Buffer.from(text, "latin1"),
  );
  expect(responseHeaders(raw)).toEqual(["Set-Cookie", "a=1", "Set-Cookie", "b=\xe4"]);
});

test("where services are", () => {
  const sources = parseSources(
    "storefront=http://a:1,http://b:2#weight=10&zone=x;backoffice=dns://b.svc:8080;*=registered",
  );
  expect(sources.get("storefront")).toEqual([
    {
      kind: "fixed",
      targets: [
        { id: "http://a:1", url: "http://a:1", weight: 100, zone: undefined, draining: false },
        { id: "http://b:2", url: "http://b:2", weight: 10, zone: "x", draining: false },
      ],
    },
  ]);
  expect(sources.get("backoffice")).toEqual([{ kind: "dns", name: "b.svc", port: 8080, weight: 100, zone: undefined }]);
  expect(sources.get("*")).toEqual([{ kind: "registered" }]);
  for (const wrong of [
    "storefront",
    "storefront=",
    "storefront=ftp://a",
    "storefront=dns://a",
    "a=http://b/path",
    "a=http://b#weight=x",
  ])
    // prettier-ignore
    expect(() => parseSources(wrong)).toThrow(/must be/);
});
