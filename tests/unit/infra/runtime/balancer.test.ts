import { reckonedTogether } from "../../../../src/infra/runtime/balancer";
import { type LeaseView, type Worker } from "../../../../src/infra/mongo";

/* Workers reckon each by itself who does what: they must come to the same whatever else each of them sees. */

const worker = (context: string, owner: string, contexts: readonly string[]): Worker => ({
  context,
  owner,
  host: "host",
  pid: 1,
  wants: ["orders"],
  contexts,
});
const view = (...workers: readonly Worker[]): LeaseView => ({ held: [], workers });

const BOTH = ["cart", "ordering"];
const THREE = ["cart", "ordering", "payment"];

test("work of workers in the same contexts is divided over all of them", () => {
  const views = BOTH.map((context) => view(worker(context, "a", BOTH), worker(context, "b", BOTH)));
  expect(reckonedTogether(views)).toEqual([views]);
});

test("a worker in one context more has each context divided by itself, by all who meet it", () => {
  const shared = BOTH.map((context) => view(worker(context, "a", BOTH), worker(context, "b", THREE)));
  const own = view(worker("payment", "b", THREE));
  expect(reckonedTogether(shared)).toEqual(shared.map((each) => [each]));
  expect(reckonedTogether([...shared, own])).toEqual([...shared, own].map((each) => [each]));
});
