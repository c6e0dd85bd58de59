import { connect } from "node:net";
import { events, type EventsReply, type Listening, route } from "../../../../src/api/http";
import { Metrics } from "../../../../src/infra/observability";
import { eventually } from "../../../support/eventually";
import { Listener } from "../../../support/live";
import { keptLog, serve } from "./support";

const follow = (source: EventsReply["events"]) =>
  route({
    method: "GET",
    path: "/live",
    operationId: "follow",
    summary: "Follow it",
    tags: ["Live"],
    security: "public",
    cache: "no-store",
    heeds: ["Last-Event-ID"],
    responses: { 200: { description: "Events", mediaType: "text/event-stream" } },
    handler: () => events(source),
  });

const event = (number: number, data: object = { number }) => ({
  event: "count",
  id: String(number),
  data: Buffer.from(JSON.stringify(data)),
});

/** Waits like a source that has nothing to tell. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

/** Only the clock of intervals is in the test's hands: the network goes on. */
const REAL = ["Date", "hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate", "clearImmediate", "setTimeout", "clearTimeout"] as const; // prettier-ignore

let server: Listening;
afterEach(() => server.close(0));

test("each event is sent at once and whole; the head says what it is", async () => {
  server = await serve([
    follow(async function* (signal) {
      yield event(1);
      yield event(2, { text: "two\nlines" });
      await untilAborted(signal);
    }),
  ]);
  const listener = await Listener.open(`${server.url}/live`);
  expect(listener).toMatchObject({
    status: 200,
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
  await listener.until(({ id }) => id === "2");
  expect(listener.told).toEqual([
    { event: "count", id: "1", data: { number: 1 } },
    { event: "count", id: "2", data: { text: "two\nlines" } },
  ]);
  await listener.close();
});

test("there are about ten events a second, however fast the source is", async () => {
  server = await serve([
    follow(async function* (signal) {
      for (let number = 0; !signal.aborted; number++) yield event(number);
    }),
  ]);
  const started = performance.now();
  const listener = await Listener.open(`${server.url}/live`);
  await listener.until(({ id }) => id === "5");
  expect(performance.now() - started).toBeGreaterThan(480);
  await listener.close();
});

test("a comment is sent when there has been nothing for 15 seconds", async () => {
  jest.useFakeTimers({ doNotFake: [...REAL] });
  try {
    server = await serve([
      follow(async function* (signal) {
        yield event(1);
        await untilAborted(signal);
      }),
    ]);
    let text = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write("GET /live HTTP/1.1\r\nHost: test\r\n\r\n"));
    socket.on("data", (piece) => (text += piece.toString()));
    await eventually(() => text.includes("id: 1\n"));
    jest.advanceTimersByTime(14_900);
    jest.advanceTimersByTime(200);
    await eventually(() => /\r\n:\n\n\r\n$/.test(text));
    socket.destroy();
  } finally {
    jest.useRealTimers();
  }
});

test("a caller who does not read is not written to; the source is asked no further", async () => {
  let asked = 0;
  const large = "x".repeat(4_000_000);
  server = await serve([
    follow(async function* (signal) {
      while (!signal.aborted) yield event(++asked, { large });
    }),
  ]);
  const { port } = server;
  const socket = connect(port, "127.0.0.1", () => socket.write("GET /live HTTP/1.1\r\nHost: test\r\n\r\n"));
  // Some fit into the buffers of the two ends; then no more is asked for.
  let [stopped, since] = [0, 0];
  await eventually(() => {
    if (asked !== stopped) [stopped, since] = [asked, Date.now()];
    return stopped > 0 && Date.now() - since > 500;
  });
  expect(stopped).toBeLessThan(10);
  socket.resume();
  await eventually(() => asked > stopped);
  socket.destroy();
});

test("when the caller goes away the source is told, is closed, and is not counted any more", async () => {
  const seen: string[] = [];
  const metrics = new Metrics({ process: false });
  const routes = [
    follow(async function* (signal) {
      try {
        yield event(1);
        seen.push("waits");
        await untilAborted(signal);
        seen.push("told");
      } finally {
        seen.push("closed");
      }
    }),
  ];
  server = await serve(routes, { metrics });
  const listener = await Listener.open(`${server.url}/live`);
  await eventually(() => seen.includes("waits"));
  expect(await metrics.expose()).toContain('http_live_answers{route="/live"} 1');
  await listener.close();
  await eventually(() => seen.includes("closed"));
  expect(seen).toEqual(["waits", "told", "closed"]);
  expect(await metrics.expose()).toContain('http_live_answers{route="/live"} 0');
});

test("when the process is to stop the answer ends, so that the caller turns to another", async () => {
  const ending = new AbortController();
  server = await serve(
    [
      follow(async function* (signal) {
        yield event(1);
        await untilAborted(signal);
      }),
    ],
    { ending: ending.signal },
  );
  const listener = await Listener.open(`${server.url}/live`);
  await listener.until(({ id }) => id === "1");
  ending.abort();
  await eventually(() => listener.ended);
  expect(await fetch(`${server.url}/live`).then((answer) => answer.text())).toBe("");
});

test("a source that is busy when the answer ends is closed as soon as it is done", async () => {
  const ending = new AbortController();
  let closed = false;
  let finish: (() => void) | undefined;
  server = await serve(
    [
      follow(async function* () {
        try {
          yield event(1);
          await new Promise<void>((resolve) => (finish = resolve));
          yield event(2);
        } finally {
          closed = true;
        }
      }),
    ],
    { ending: ending.signal },
  );
  const listener = await Listener.open(`${server.url}/live`);
  await eventually(() => finish);
  ending.abort();
  await eventually(() => listener.ended);
  expect(closed).toBe(false);
  finish?.();
  await eventually(() => closed);
  expect(listener.told).toHaveLength(1);
});

test("a source that fails ends the answer and is logged", async () => {
  const { log, lines } = keptLog();
  server = await serve(
    [
      // eslint-disable-next-line require-yield
      follow(async function* () {
        throw new Error("the store is away");
      }),
    ],
    { log },
  );
  const listener = await Listener.open(`${server.url}/live`);
  await eventually(() => listener.ended);
  expect(lines).toMatchObject([{ msg: "live view broke off", err: { message: "the store is away" } }]);
  await listener.close();
});

test("HEAD is answered without asking the source", async () => {
  let asked = false;
  server = await serve([
    follow(() => {
      asked = true;
      return (async function* () {})();
    }),
  ]);
  const answer = await fetch(`${server.url}/live`, { method: "HEAD" });
  expect([answer.status, answer.headers.get("content-type"), asked]).toEqual([200, "text/event-stream", false]);
});

test("who takes no events is told so", async () => {
  server = await serve([follow(async function* () {})]);
  const answer = await fetch(`${server.url}/live`, { headers: { Accept: "application/json" } });
  expect(answer.status).toBe(406);
});
