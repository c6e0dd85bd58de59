import { Subject } from "rxjs";
import { decodeToken, prepare, type ServerEvent } from "../../../src/api/http";
import { type Followed, LiveViews, type LiveView } from "../../../src/api/live";
import { type Change } from "../../../src/infra/runtime";
import { eventually } from "../../support/eventually";

/** A read model whose documents are numbers, and which tells of their changes as the runtime's do. */
class Numbers implements Followed {
  readonly changes$ = new Subject<Change>() as Followed["changes$"];
  readonly documents = new Map<string, number>();
  position = 0n;

  set(id: string, value: number | undefined, position: bigint): void {
    if (value === undefined) this.documents.delete(id);
    else this.documents.set(id, value);
    this.changes$.next({ ids: [id], position });
    this.position = position;
  }
}

const readings: string[] = [];
const viewOf = (model: Numbers, id: string): LiveView => ({
  event: "number",
  model,
  read(watch) {
    watch(model, id);
    readings.push(id);
    const value = model.documents.get(id);
    return Promise.resolve(value === undefined ? undefined : prepare({ value }));
  },
});

/** Takes events like a connection that is fast. */
function listen(live: LiveViews, view: LiveView, known?: string) {
  const told: ServerEvent[] = [];
  const ending = new AbortController();
  const done = (async () => {
    for await (const event of live.follow(view, known)(ending.signal)) told.push(event);
  })();
  const values = () => told.map(({ event, data }) => [event, JSON.parse(data.toString()) as unknown]);
  return { told, values, stop: () => (ending.abort(), done) };
}

let model: Numbers;
beforeEach(() => {
  model = new Numbers();
  readings.length = 0;
  model.set("a", 1, 10n);
});

test("the present state comes first, then each change, with the position at which it can be read", async () => {
  const { told, values, stop } = listen(new LiveViews(), viewOf(model, "a"));
  await eventually(() => told.length === 1);
  model.set("a", 2, 20n);
  await eventually(() => told.length === 2);
  expect(values()).toEqual([
    ["number", { value: 1 }],
    ["number", { value: 2 }],
  ]);
  expect(told.map(({ id }) => decodeToken(id))).toEqual([10n, 20n]);
  await stop();
});

test("changes of others, and changes that change nothing, are not told", async () => {
  const { told, stop } = listen(new LiveViews(), viewOf(model, "a"));
  await eventually(() => told.length === 1);
  model.set("b", 7, 20n);
  expect(readings).toEqual(["a"]);
  model.set("a", 1, 30n);
  await eventually(() => readings.length === 2);
  model.set("a", 2, 40n);
  await eventually(() => told.length === 2);
  expect(JSON.parse(told[1]?.data.toString() ?? "")).toEqual({ value: 2 });
  await stop();
});

test("who comes back with the last event is told nothing until there is news", async () => {
  const live = new LiveViews();
  const first = listen(live, viewOf(model, "a"));
  await eventually(() => first.told.length === 1);
  await first.stop();
  const mark = first.told[0]?.id.split(".")[1];

  model.set("a", 1, 20n);
  const second = listen(live, viewOf(model, "a"), mark);
  await eventually(() => readings.length === 2);
  model.set("a", 5, 30n);
  await eventually(() => second.told.length > 0);
  expect(second.values()).toEqual([["number", { value: 5 }]]);
  await second.stop();

  const third = listen(live, viewOf(model, "a"), mark);
  await eventually(() => third.told.length > 0);
  expect(third.values()).toEqual([["number", { value: 5 }]]);
  await third.stop();
});

test("what is not there any more is told as gone, and told again when it comes back", async () => {
  const { told, values, stop } = listen(new LiveViews(), viewOf(model, "a"));
  await eventually(() => told.length === 1);
  model.set("a", undefined, 20n);
  await eventually(() => told.length === 2);
  model.set("a", 1, 30n);
  await eventually(() => told.length === 3);
  expect(values()).toEqual([
    ["number", { value: 1 }],
    ["gone", null],
    ["number", { value: 1 }],
  ]);
  await stop();
});

test("a slow listener gets the latest state, not those between", async () => {
  const ending = new AbortController();
  const states = new LiveViews().follow(viewOf(model, "a"), undefined)(ending.signal)[Symbol.asyncIterator]();
  expect((await states.next()).value).toMatchObject({ event: "number" });
  for (let value = 2; value <= 1_000; value++) model.set("a", value, BigInt(value * 10));
  const next = (await states.next()).value as ServerEvent;
  expect([JSON.parse(next.data.toString()), decodeToken(next.id)]).toEqual([{ value: 1_000 }, 10_000n]);
  expect(readings).toHaveLength(2);
  ending.abort();
  expect(await states.next()).toEqual({ value: undefined, done: true });
});

test("a view can depend on several documents, and on others than before when it changes", async () => {
  const total: LiveView = {
    event: "total",
    model,
    read(watch) {
      watch(model, "which");
      const which = String(model.documents.get("which") ?? "");
      watch(model, which);
      readings.push(which);
      return Promise.resolve(prepare({ of: model.documents.get(which) ?? null }));
    },
  };
  model.set("which", 1, 11n);
  const { told, values, stop } = listen(new LiveViews(), total);
  await eventually(() => told.length === 1);
  model.set("1", 100, 20n);
  await eventually(() => told.length === 2);
  model.set("which", 2, 30n);
  await eventually(() => told.length === 3);
  model.set("1", 101, 40n);
  expect(readings).toEqual(["1", "1", "2"]);
  model.set("2", 200, 50n);
  await eventually(() => told.length === 4);
  expect(values().map(([, data]) => data)).toEqual([{ of: null }, { of: 100 }, { of: null }, { of: 200 }]);
  await stop();
});

test("when everything may have changed, everybody looks, and those with news tell", async () => {
  const live = new LiveViews();
  model.set("b", 2, 20n);
  const [a, b] = [listen(live, viewOf(model, "a")), listen(live, viewOf(model, "b"))];
  await eventually(() => a.told.length === 1 && b.told.length === 1);
  model.documents.set("b", 3);
  model.changes$.next({ ids: undefined, position: 30n });
  await eventually(() => b.told.length === 2);
  await eventually(() => readings.length === 4);
  expect(a.told).toHaveLength(1);
  await Promise.all([a.stop(), b.stop()]);
});

test("nothing is left of those who went away", async () => {
  const live = new LiveViews();
  const listeners = ["a", "a", "b"].map((id) => listen(live, viewOf(model, id)));
  await eventually(() => listeners.every(({ told }) => told.length === 1));
  expect(model.changes$.observed).toBe(true);
  await Promise.all(listeners.map(({ stop }) => stop()));
  expect(model.changes$.observed).toBe(false);

  // The same after a view that failed.
  const failing: LiveView = { ...viewOf(model, "a"), read: (watch) => (watch(model, "a"), Promise.reject(new Error("away"))) }; // prettier-ignore
  await expect(live.follow(failing, undefined)(new AbortController().signal)[Symbol.asyncIterator]().next()).rejects.toThrow("away"); // prettier-ignore
  expect(model.changes$.observed).toBe(false);
});
