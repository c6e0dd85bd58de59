import { pino } from "pino";
import { createLogger, logRequest, requestLevel, type RequestLine } from "../../../../src/infra/observability";

const line: RequestLine = {
  correlationId: "7d0c4a1e",
  method: "GET",
  route: "/store/v1/carts/:cartId",
  status: 200,
  seconds: 0.012345,
  caller: "shopper",
};
const never = () => false;

function written(level: "debug" | "info" = "info") {
  const text = { value: "" };
  const log = createLogger({ level, destination: { write: (chunk: string) => void (text.value += chunk) } });
  // What is gathered is written before anything else is.
  const lines = (): unknown[] => {
    log.info("end");
    return text.value
      .trim()
      .split("\n")
      .map((each) => JSON.parse(each) as unknown)
      .slice(0, -1);
  };
  return { log, lines };
}

describe("the line of a request", () => {
  test("says what was asked by its pattern, how it was answered, when, and how long it took", () => {
    const { log, lines } = written();
    logRequest(log, "info", line);
    logRequest(log, "warn", { ...line, status: 409, code: "cart-closed", trace: "4bf9", service: "storefront", attempts: 2 }); // prettier-ignore
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const { seconds: _, ...told } = line;
    expect(lines()).toEqual([
      { level: "info", time, ...told, ms: 12.35, msg: "request" },
      { level: "warn", time, ...told, status: 409, ms: 12.35, code: "cart-closed", trace: "4bf9", service: "storefront", attempts: 2, msg: "request" }, // prettier-ignore
    ]);
  });

  test("is a line of JSON whatever its words are", () => {
    const { log, lines } = written();
    const odd = { ...line, method: 'M"\n\\', correlationId: "ü\u2028", code: "a\tb" };
    logRequest(log, "info", odd);
    expect(lines()).toMatchObject([{ method: odd.method, correlationId: odd.correlationId, code: odd.code }]);
  });

  test("stands where it belongs among the other lines", () => {
    const { log, lines } = written();
    log.info("before");
    logRequest(log, "info", line);
    log.warn("after");
    expect(lines().map((each) => (each as { msg: string }).msg)).toEqual(["before", "request", "after"]);
  });

  test("is left out where the level says so, and goes the usual way where the logger is another's", () => {
    const { log, lines } = written();
    logRequest(log, "debug", line);
    expect(lines()).toEqual([]);
    let text = "";
    logRequest(pino({ base: null }, { write: (chunk: string) => void (text += chunk) }), "info", line);
    expect(JSON.parse(text)).toMatchObject({ route: line.route, ms: 12.35, msg: "request" });
  });
});

test.each([
  ["/store/v1/products", 0.01, "info"],
  ["/store/v1/products", 1.01, "warn"],
  ["/health/ready", 0.01, "debug"],
  ["/metrics", 0.01, "debug"],
  ["/internal/v1/changes", 0.01, "debug"],
  ["/health/ready", 1.01, "warn"],
] as const)("a request to %s that took %d s is told at level %s", (route, seconds, level) =>
  expect(requestLevel(route, seconds, never)).toBe(level),
);

test("what its caller wanted to last is no slow request", () =>
  expect(requestLevel("/store/v1/carts/:cartId/checkout", 9, () => true)).toBe("info"));
