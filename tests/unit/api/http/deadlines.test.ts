import { z } from "zod";
import { type AppOptions, type Listening, ok, type Route, route } from "../../../../src/api/http";
import { allowedTime, passedOn, standardDeadline, waitWithin } from "../../../../src/api/http/deadline";
import { parseDeadline } from "../../../../src/api/http/request-headers";
import { eventually } from "../../../support/eventually";
import { Caller } from "../../../support/http";
import { keptLog, serve } from "./support";

/** A service answers by its deadline, whatever it waits for, and passes on less than it has itself. */

describe("deadlines", () => {
  test("the shorter of the route's and the caller's, and less for the next", () => {
    expect(allowedTime(10_000, undefined, undefined)).toBe(10_000);
    expect(allowedTime(10_000, 30, undefined)).toBe(40_000);
    expect(allowedTime(10_000, 30, 500)).toBe(500);
    expect(passedOn(500.7)).toBe("450");
    expect(passedOn(10)).toBe("1");
    expect(["250", undefined, "-1", "1e3", "soon"].map(parseDeadline)).toEqual([250, undefined, undefined, undefined, undefined]); // prettier-ignore
  });
  test("reads are quick, commands may take longer, large ones longest", () => {
    expect([standardDeadline(true), standardDeadline(false), standardDeadline(false, 16 << 20)]).toEqual([
      10_000, 20_000, 120_000,
    ]);
  });
  test("an end result is waited for as long as there is time to answer what is there by then", () => {
    expect([waitWithin(10, 60_000), waitWithin(10, 5_100), waitWithin(10, 30)]).toEqual([10, 5, 0]);
  });
});

describe("a service", () => {
  const never = new Promise<never>(() => undefined);
  const made = { responses: { 200: { description: "It", schema: z.unknown() } }, summary: "", tags: [] } as const;
  let seen: { readonly signal: AbortSignal; readonly passOn: Readonly<Record<string, string>> } | undefined;
  let server: Listening;
  let caller: Caller;
  const open = async (routes: readonly Route[], options: Partial<AppOptions> = {}) => {
    server = await serve(routes, options);
    caller = new Caller(server.url);
  };
  afterEach(async () => {
    await caller.close();
    await server.close();
  });

  test("answers 504 when its own time for a route is over", async () => {
    const { log, lines } = keptLog();
    const silent = route({ ...made, method: "GET", path: "/silent", operationId: "silent", security: "public", deadline: 20, handler: () => never }); // prettier-ignore
    await open([silent], { log });
    const answer = await caller.get("/silent");
    expect(answer).toMatchObject({ status: 504, body: { code: "gateway-timeout", status: 504 } });
    expect(lines).toMatchObject([{ code: "gateway-timeout", route: "/silent" }]);
  });

  test("answers when the caller's time is over, tells the handler, and passes on less", async () => {
    const silent = route({
      ...made,
      method: "POST",
      path: "/silent",
      operationId: "silent",
      security: "public",
      handler({ signal, passOn }) {
        seen = { signal, passOn };
        return never;
      },
    });
    await open([silent]);
    const answer = await caller.post("/silent", undefined, { "Request-Timeout": "200" });
    expect(answer).toMatchObject({ status: 504, body: { code: "gateway-timeout" } });
    expect(seen?.signal.aborted).toBe(true);
    expect(Number(seen?.passOn["request-timeout"])).toBeLessThanOrEqual(150);
  });

  test("waits for an end result longer than for others, and no longer than the caller", async () => {
    const waiting = route({
      ...made,
      method: "POST",
      path: "/waiting",
      operationId: "waiting",
      security: "public",
      heeds: ["Prefer"],
      deadline: 100,
      async handler({ wait = 0 }) {
        await new Promise((resolve) => setTimeout(resolve, Math.min(wait * 1_000, 300)));
        return ok({ wait });
      },
    });
    await open([waiting]);
    expect(await caller.post("/waiting", undefined, { Prefer: "wait=30" })).toMatchObject({ status: 200, body: { wait: 30 } }); // prettier-ignore
    const short = await caller.post("/waiting", undefined, { Prefer: "wait=30", "Request-Timeout": "5000" });
    expect(short.status).toBe(200);
    expect(short.body.wait).toBeLessThanOrEqual(4.9);
  });

  test("a fault that comes after the answer harms nobody", async () => {
    const { log, lines } = keptLog();
    let fail: (error: Error) => void = () => undefined;
    const late = route({ ...made, method: "GET", path: "/late", operationId: "late", security: "public", deadline: 20, handler: () => new Promise<never>((_, reject) => (fail = reject)) }); // prettier-ignore
    await open([late], { log });
    expect((await caller.get("/late")).status).toBe(504);
    fail(new Error("too late to tell"));
    expect((await caller.get("/late")).status).toBe(504);
    await eventually(() => lines.length === 2);
  });
});
