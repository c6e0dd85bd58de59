import { setTimeout as pause } from "node:timers/promises";
import { type LogSignal, EventLog, logPages, subscribeToLog } from "../../src/infra/eventstore";
import { newId } from "../../src/infra/runtime";
import { counterEvents, newCount } from "../support/counter";
import { eventually } from "../support/eventually";
import { Proxy } from "../support/proxy";
import { startStores, type TestStores } from "../support/stores";

/*
 * A network that dies in the very moment in which a connection is made: it is open, and no word ever passes. The gRPC
 * library would wait for it for ever, and everybody with it.
 */

let stores: TestStores;
let way: Proxy;
beforeAll(async () => {
  // The client warns of pings that come so often.
  jest.spyOn(console, "warn").mockImplementation(() => undefined);
  stores = await startStores({ need: { eventstore: true } });
  way = await Proxy.to(stores.eventstoreUrl);
});
afterAll(async () => {
  await way.close();
  await stores.stop();
});

let logs = 0;
/** A log with patience for half a second, and a connection of its own: nobody else has these settings. */
const logOf = (): EventLog => {
  logs++;
  const settings = { keepAliveInterval: 300 + logs, keepAliveTimeout: 200 - logs };
  return new EventLog(way.through(stores.eventstoreUrl, settings), counterEvents);
};

const all = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

const uses: readonly (readonly [string, (log: EventLog) => Promise<unknown>])[] = [
  ["an append", (log) => log.append(`counter-${newId()}`, [newCount()], -1)],
  ["a read", (log) => all(log.readStream(`counter-${newId()}`))],
  ["the log's end", (log) => log.endPosition()],
];

test.each(uses)("%s fails in time where no word passes, and the next succeeds once one does", async (_, use) => {
  const log = logOf();
  way.mute(true);
  try {
    await Promise.all([
      expect(use(log)).rejects.toThrow("no answer within 500 ms"),
      expect(use(log)).rejects.toThrow(/no answer|cancel/i),
    ]);
  } finally {
    way.mute(false);
  }
  await use(log);
  await log.close();
});

test("pages of the log are read on, though the first connection says nothing", async () => {
  const log = logOf();
  const stream = `counter-${newId()}`;
  await log.append(stream, [newCount(), newCount()], -1);
  way.mute(true);
  const other = logOf();
  const before = way.open;
  const reading = all(logPages(other));
  await eventually(() => way.open > before);
  way.mute(false);
  const pages = await reading;
  expect(pages.flat().filter((entry) => entry.stream === stream)).toHaveLength(2);
  await Promise.all([log.close(), other.close()]);
});

test("a subscription ends where no word passes, and the next one begins", async () => {
  const log = logOf();
  const subscribed = () => {
    const signals: LogSignal["kind"][] = [];
    let error: unknown;
    const subscription = subscribeToLog(log, -1n, { streams: ["counter-"] }).subscribe({
      next: ({ kind }) => signals.push(kind),
      error: (cause: unknown) => (error = cause),
    });
    return { signals, error: () => error, end: () => subscription.unsubscribe() };
  };
  way.mute(true);
  const first = subscribed();
  await eventually(() => first.error() !== undefined);
  expect([first.signals, String(first.error())]).toEqual([[], "NoAnswer: no answer within 500 ms"]);
  way.mute(false);
  const second = subscribed();
  await eventually(() => second.signals.includes("live"));
  await pause(600);
  expect(second.error()).toBeUndefined();
  second.end();
  await log.close();
});
