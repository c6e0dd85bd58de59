import { type Probe, statusReport, statusText } from "../../../src/cli/status-report";
import { type SeenInstance } from "../../../src/infra/mongo";

const instance = (over: Partial<SeenInstance> = {}): SeenInstance => ({
  _id: "a",
  services: ["storefront"],
  role: "serve",
  parts: ["storefront"],
  url: "http://10.0.0.1:8080",
  zone: null,
  weight: 100,
  state: "serving",
  version: "1.0.0",
  host: "node-1",
  pid: 7,
  startedAt: new Date("2024-03-01T10:00:00Z"),
  expiresAt: new Date("2024-03-01T11:00:00Z"),
  alive: true,
  ...over,
});
const work = (name: string, state: string, seconds = 0): string => {
  const labels = `context="cart",name="${name}",kind="projection"`;
  return [
    `millrace_projection_lag_events{${labels}} 12`,
    `millrace_projection_lag_seconds{${labels}} ${seconds}`,
    `millrace_projection_state{${labels},state="live"} ${state === "live" ? 1 : 0}`,
    `millrace_projection_state{${labels},state="${state}"} 1`,
  ].join("\n");
};
const probe = (over: Partial<Probe> = {}): Probe => ({ ready: true, reason: undefined, metrics: "", ...over });
const wrong = (instances: readonly SeenInstance[], probes: Readonly<Record<string, Probe>>) =>
  statusReport(instances, new Map(Object.entries(probes))).wrong;

test("nothing is wrong with a process that is ready and whose work is level", () => {
  const report = statusReport([instance()], new Map([["a", probe({ metrics: work("carts", "live") })]]));
  expect(report).toMatchObject({ good: true, wrong: [], versions: ["1.0.0"] });
  expect(statusText(report)).toMatch(
    /serve storefront {2}ready[^]*cart\.carts {2}live {3}12 events, 0\.0 s[^]*All is well\./,
  );
});

test.each([
  ["silent", { ready: false, reason: "ECONNREFUSED", metrics: undefined }, "does not answer: ECONNREFUSED."],
  ["not ready", { ready: false, reason: "event-store does not answer" }, "is not ready: event-store does not answer."],
  ["closed to us", { metrics: undefined }, "does not tell its figures: name an operator's API key with --key."],
  ["cut off", { metrics: "millrace_log_connected 0" }, "has no connection to EventStoreDB."],
] as const)("a process that is %s", (_, over, said) => {
  expect(wrong([instance()], { a: probe(over) })).toEqual([`serve storefront at http://10.0.0.1:8080 ${said}`]);
});

test("work that failed, lags, or that nobody does", () => {
  const told = (metrics: string) => wrong([instance()], { a: probe({ metrics }) });
  expect(told(work("carts", "failed"))).toEqual(["cart.carts has stopped at an event that it cannot handle."]);
  expect(told(work("carts", "live", 95.4))).toEqual(["cart.carts is 95 s, 12 events, behind."]);
  expect(told(work("carts", "waiting"))).toEqual(["Nobody works on cart.carts: no process that does is there."]);
});

test("who waits is no news while another does the work", () => {
  const both = [instance(), instance({ _id: "b", role: "work", parts: ["cart"] })];
  expect(wrong(both, { a: probe({ metrics: work("carts", "waiting") }), b: probe({ metrics: work("carts", "live") }) })).toEqual([]); // prettier-ignore
});

test("a process that went without a word is missed, unless another has taken its place", () => {
  const lost = instance({ _id: "b", alive: false });
  expect(wrong([lost], {})).toEqual([
    "No process of the shop is in the register: nothing runs, or none registers.",
    "serve storefront is gone: process 7 on node-1 ended without a word, and no other does its part.",
  ]);
  expect(wrong([lost, instance()], { a: probe() })).toEqual([]);
});
