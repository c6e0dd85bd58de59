import { type Refusal } from "../../../src/api/http";
import { toldRefusal, type ToldRefusal } from "../../../src/api/internal/refusals";
import { RefusalReports } from "../../../src/engine/audit-trail";
import { eventually } from "../../support/eventually";

/* What a gateway refused reaches a process that writes it down, also one that is away for a while. */

const refusal = (more: Partial<Refusal> = {}): Refusal => ({
  kind: "refusal",
  method: "POST",
  route: "/store/v1/carts",
  operation: "openCart",
  status: 429,
  code: "rate-limited",
  correlationId: "c-1",
  actor: "anonymous",
  client: "192.0.2.1",
  ...more,
});

function reportsTo(send: (all: readonly ToldRefusal[]) => Promise<boolean>, window = 60_000) {
  const errors: unknown[] = [];
  return { reports: new RefusalReports({ send, report: (error) => errors.push(error), window }), errors };
}

test("the first is told soon, the rest of the same caller when the window ends, as one; no address is told", async () => {
  const told: ToldRefusal[] = [];
  const { reports } = reportsTo((all) => Promise.resolve(Boolean(told.push(...all))), 200);
  for (let sent = 0; sent < 1_000; sent++) reports.refused(refusal());
  await eventually(() => told.reduce((sum, { count }) => sum + count, 0) === 1_000);
  expect(told.map(({ count }) => count)).toEqual([1, 999]);
  expect(told.every((each) => toldRefusal.safeParse(each).success)).toBe(true);
  expect(JSON.stringify(told)).not.toContain("192.0.2.1");
  expect(reports.figures).toEqual({ events: 2, failures: 0, lost: 0 });
  await reports.stop();
});

test("while nobody takes them they wait, with one complaint, and are told later", async () => {
  let away = true;
  const told: ToldRefusal[] = [];
  const { reports, errors } = reportsTo((all) =>
    away ? Promise.reject(new Error("away")) : Promise.resolve(Boolean(told.push(...all))),
  );
  reports.refused(refusal());
  await eventually(() => reports.figures.failures > 1, 30_000);
  expect([reports.pending, errors.length]).toEqual([1, 1]);
  away = false;
  await eventually(() => told.length === 1, 30_000);
  await reports.stop();
});

test("what cannot be taken, and what is too much, is counted and lost", async () => {
  const { reports } = reportsTo(() => Promise.resolve(false));
  reports.refused(refusal());
  await eventually(() => reports.figures.lost === 1);
  expect(reports.pending).toBe(0);
  await reports.stop();
});

test("a process that stops tells the rest first", async () => {
  const told: ToldRefusal[] = [];
  const { reports } = reportsTo((all) => Promise.resolve(Boolean(told.push(...all))));
  for (let sent = 0; sent < 5; sent++) reports.refused(refusal());
  await reports.stop();
  expect(told.map(({ count }) => count)).toEqual([1, 4]);
});

test("commands are none of its business", async () => {
  const { reports } = reportsTo(() => Promise.resolve(true));
  const { client: _, ...same } = refusal();
  reports.heard({ ...same, kind: "command", ids: {}, made: undefined, commandId: undefined, traceparent: undefined });
  await reports.stop();
  expect(reports.figures.events).toBe(0);
});
