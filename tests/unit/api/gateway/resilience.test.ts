import { eventually } from "../../../support/eventually";
import { AdaptiveLimit } from "../../../../src/api/gateway/resilience/adaptive-limit";
import { Admission } from "../../../../src/api/gateway/resilience/admission";
import { Breaker } from "../../../../src/api/gateway/resilience/breaker";
import { mayRepeat, RetryBudget } from "../../../../src/api/gateway/resilience/retry";
import { type GatewayRoute } from "../../../../src/api/gateway/table";

describe("a circuit", () => {
  const policy = { consecutive: 3, share: 0.5, least: 10, window: 1_000, rest: 100, longest: 350 };

  test("opens after failures in a row, lets one try, closes when that succeeds", () => {
    const breaker = new Breaker(policy);
    expect([breaker.failed(0), breaker.failed(0), breaker.failed(0)]).toEqual([false, false, true]);
    expect([breaker.state(50), breaker.admits(50)]).toEqual(["open", false]);
    expect([breaker.state(100), breaker.admits(100)]).toEqual(["half-open", true]);
    breaker.begin(100);
    expect(breaker.admits(100)).toBe(false);
    breaker.succeeded(110);
    expect([breaker.state(110), breaker.admits(110)]).toEqual(["closed", true]);
  });

  test("rests twice as long each time that the trial fails, and no longer than the longest", () => {
    const breaker = new Breaker(policy);
    for (let i = 0; i < 3; i++) breaker.failed(0);
    let at = 0;
    for (const rest of [100, 200, 350, 350]) {
      expect(breaker.admits(at + rest - 1)).toBe(false);
      at += rest;
      expect(breaker.admits(at)).toBe(true);
      breaker.begin(at);
      expect(breaker.failed(at)).toBe(true);
    }
  });

  test("a success between failures counts, but half of many failing opens too", () => {
    const breaker = new Breaker(policy);
    let opened = false;
    for (let i = 0; i < 5; i++) {
      breaker.succeeded(i);
      opened ||= breaker.failed(i);
    }
    expect(opened).toBe(true);
  });

  test("old failures are forgotten", () => {
    const breaker = new Breaker(policy);
    for (let i = 0; i < 4; i++) {
      breaker.succeeded(i);
      breaker.failed(i);
    }
    breaker.succeeded(2_000);
    expect(breaker.failed(2_001)).toBe(false);
  });

  test("a trial that says nothing leaves the way open for another", () => {
    const breaker = new Breaker(policy);
    for (let i = 0; i < 3; i++) breaker.failed(0);
    breaker.begin(100);
    breaker.undecided();
    expect(breaker.admits(101)).toBe(true);
  });
});

describe("retries", () => {
  test("a fifth of the requests at most, and a few a second when it is quiet", () => {
    const budget = new RetryBudget(0, { share: 0.2, perSecond: 1, most: 10 });
    let retries = 0;
    for (let i = 0; i < 100; i++) {
      budget.request();
      if (budget.retry(0)) retries++;
    }
    expect(retries).toBe(21);
    expect(budget.retry(0)).toBe(false);
    expect(budget.retry(2_000)).toBe(true);
    expect(budget.spent).toBe(22);
  });

  test.each<
    [kind: "read" | "command", failure: "unreachable" | "broken" | "status" | "late", key: boolean, may: boolean]
  >([
    ["read", "broken", false, true],
    ["read", "status", false, true],
    ["read", "late", false, false],
    ["command", "unreachable", false, true],
    ["command", "broken", false, false],
    ["command", "broken", true, true],
    ["command", "status", false, false],
    ["command", "status", true, true],
    ["command", "late", true, false],
  ])("a %s that failed as %s, with a key: %s, may be sent again: %s", (kind, failure, key, may) => {
    expect(mayRepeat({ kind, repeatable: true } as GatewayRoute, { kind: failure }, key)).toBe(may);
  });

  test("a key on a route that heeds none makes nothing safe", () => {
    expect(mayRepeat({ kind: "command", repeatable: false } as GatewayRoute, { kind: "broken" }, true)).toBe(false);
  });
});

describe("admission", () => {
  const policy = { limit: 2, queue: 3, wait: 100, standing: 50, shortWait: 5 };

  test("so many at once; others wait for their turn, in order", async () => {
    const admission = new Admission(policy, () => 0);
    expect([admission.enter(), admission.enter()]).toEqual([true, true]);
    const order: string[] = [];
    const first = Promise.resolve(admission.enter()).then((letIn) => order.push(`first ${letIn}`));
    const second = Promise.resolve(admission.enter()).then((letIn) => order.push(`second ${letIn}`));
    admission.leave();
    await first;
    admission.leave();
    await second;
    expect(order).toEqual(["first true", "second true"]);
  });

  test("a full queue refuses at once", () => {
    const admission = new Admission(policy, () => 0);
    for (let i = 0; i < 5; i++) void admission.enter();
    expect(admission.enter()).toBe(false);
    expect(admission.figures).toEqual({ underWay: 2, waiting: 3, limit: 2, shed: 1 });
    admission.close();
  });

  test("once everybody waits too long, the newest goes first and the others are refused soon", async () => {
    let now = 0;
    const admission = new Admission(policy, () => now);
    void admission.enter();
    void admission.enter();
    now = 10;
    const old = Promise.resolve(admission.enter());
    now = 155;
    // It has been found out, by now, that nobody was let in for long; the old one was still within its time.
    await eventually(() => admission.figures.shed === 1);
    expect(await old).toBe(false);
    const [older, younger] = [Promise.resolve(admission.enter()), Promise.resolve(admission.enter())];
    admission.leave();
    expect(await younger).toBe(true);
    now = 165;
    expect(await older).toBe(false);
    // With nobody waiting and room again, the rush is over.
    admission.leave();
    expect(admission.enter()).toBe(true);
  });

  test("a larger limit lets those in who wait", async () => {
    const admission = new Admission(policy, () => 0);
    for (let i = 0; i < 2; i++) void admission.enter();
    const waiting = Promise.resolve(admission.enter());
    admission.resize(3);
    expect(await waiting).toBe(true);
  });
});

describe("the limit that follows the answers", () => {
  const limit = () => new AdaptiveLimit({ least: 4, most: 100, tolerance: 2, sample: 10, period: 0 }, 0);
  let now = 0;
  const observe = (of: AdaptiveLimit, took: number, times: number, underWay = of.value) => {
    for (let i = 0; i < times; i++) of.observe(took, underWay, now++);
  };

  test("falls when answers become slow, and no lower than the least", () => {
    const adaptive = limit();
    observe(adaptive, 10, 100);
    expect(adaptive.value).toBe(100);
    observe(adaptive, 200, 100);
    expect(adaptive.value).toBeLessThan(60);
    observe(adaptive, 2_000, 300);
    expect(adaptive.value).toBeGreaterThanOrEqual(4);
  });

  test("rises again when they are as fast as usual and it is needed", () => {
    const adaptive = limit();
    observe(adaptive, 10, 100);
    observe(adaptive, 200, 60);
    const low = adaptive.value;
    observe(adaptive, 10, 50, 1);
    expect(adaptive.value).toBe(low);
    observe(adaptive, 10, 600);
    expect(adaptive.value).toBeGreaterThan(low);
  });

  test("instances come and go", () => {
    const adaptive = limit();
    adaptive.bound(8, 200);
    expect(adaptive.value).toBe(200);
    adaptive.bound(4, 50);
    expect(adaptive.value).toBe(50);
  });
});
