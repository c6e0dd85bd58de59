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

test("processes that wait for an operator, and deadlines that nobody heeded, are told once, whoever says so", () => {
  const labels = 'context="cart",name="checkout"';
  const metrics = [
    work("checkout", "live"),
    `millrace_processes_stuck{${labels}} 2`,
    `millrace_timers_overdue{${labels}} 1`,
  ].join("\n");
  const both = [instance(), instance({ _id: "b" })];
  const report = statusReport(both, new Map([["a", probe({ metrics })], ["b", probe({ metrics })]])); // prettier-ignore
  expect(report.wrong).toEqual([
    "2 of cart.checkout cannot go on and wait for an operator: see /operations/v1/processes.",
    "1 of cart.checkout has a deadline that nobody has heeded.",
  ]);
  expect(statusText(report)).toMatch(/cart\.checkout {2}live {3}12 events, 0\.0 s {2}2 stuck/);
});

test("a rebuild shows how far it is, and is nothing wrong", () => {
  const metrics = `${work("carts", "live")}\nmillrace_projection_rebuild_progress{context="cart",name="carts",kind="projection"} 0.427`;
  const report = statusReport([instance()], new Map([["a", probe({ metrics })]]));
  expect(report.good).toBe(true);
  expect(statusText(report)).toContain("being rebuilt, 42%");
});

test("what the gateway cannot reach", () => {
  const gateway = instance({ role: "gateway", parts: [] });
  const metrics = [
    'millrace_gateway_instance_ready{service="cart",instance="http://a:1"} 0',
    'millrace_gateway_instance_ready{service="storefront",instance="http://a:2"} 0',
    'millrace_gateway_instance_ready{service="storefront",instance="http://a:3"} 1',
    'millrace_gateway_circuit{service="storefront",instance="http://a:2",state="closed"} 0',
    'millrace_gateway_circuit{service="storefront",instance="http://a:2",state="open"} 1',
    'millrace_gateway_circuit{service="storefront",instance="http://a:3",state="closed"} 1',
  ].join("\n");
  expect(wrong([gateway], { a: probe({ metrics }) })).toEqual([
    "The gateway has no ready instance of cart.",
    "The gateway sends nothing to storefront at http://a:2, which failed again and again.",
  ]);
});

test.each([
  ["a context that nobody is", [instance({ parts: ["cart"] })], ["There is no process of payment."]],
  ["the whole in one process", [instance({ role: "start", parts: ["cart"] })], []],
  ["some of its work, and all work", [instance({ parts: ["cart"] }), instance({ _id: "b", parts: ["all work"] })], []],
  ["one piece of its work", [instance({ parts: ["cart", "payment.payments"] })], []],
] as const)("what a whole shop has: %s", (_, instances, said) => {
  const probes = new Map(instances.map(({ _id }) => [_id, probe()]));
  expect(statusReport(instances, probes, ["cart", "payment"]).wrong).toEqual(said);
});
