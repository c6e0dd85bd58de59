import { type Added, requestHeaders, responseHeaders } from "../../../../src/api/gateway/proxy/headers";

const added: Added = {
  forwardedFor: undefined,
  protocol: "http",
  correlationId: "c-1",
  deadline: "1000",
  consistencyToken: undefined,
  traceparent: undefined,
};
const own = ["X-Correlation-Id", "c-1", "Request-Timeout", "1000"];
const answered = (...headers: readonly string[]) => responseHeaders(headers.map((each) => Buffer.from(each, "latin1")));

// Names are judged once and remembered: the second time must be as the first.
describe.each(["first", "second"])("headers, the %s time", () => {
  test("of one connection end at the gateway, both ways, and so does what it says itself", () => {
    expect(requestHeaders(["Host", "shop", "Keep-Alive", "x", "TE", "x", "Expect", "x", "Accept", "*/*"], added)).toEqual(
      ["Host", "shop", "Accept", "*/*", ...own],
    ); // prettier-ignore
    expect(answered("Keep-Alive", "timeout=5", "Server", "x", "X-Millrace-Hint", "x", "ETag", '"é"')).toEqual(["ETag", '"é"']); // prettier-ignore
  });

  test("that strangers must not say are not passed on, however they are written", () => {
    const raw = [
      "X-MILLRACE-Caller",
      "a",
      "x-forwarded-user",
      "a",
      "X_API_Key",
      "a",
      "X-Correlation-ID",
      "a",
      "Via",
      "b",
    ];
    expect(requestHeaders(raw, added)).toEqual(["Via", "b", ...own]);
  });

  test("that Connection names end as well, before it or behind it; but not those that all depend on", () => {
    const raw = ["X-Foo", "1", "Connection", "x-foo, host, X-Bar", "x-bar", "2", "Host", "shop"];
    expect(requestHeaders(raw, added)).toEqual(["Host", "shop", ...own]);
    expect(answered("X-Foo", "1", "Connection", "x-foo, close", "X-FOO", "2", "Age", "3")).toEqual(["Age", "3"]);
    expect(answered("X-Foo", "1", "Connection", "keep-alive")).toEqual(["X-Foo", "1"]);
  });
});
