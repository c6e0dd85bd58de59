import { Problem } from "../../../../src/api/http";
import { type Ended } from "../../../../src/api/gateway/proxy/attempt";
import { verdictOf } from "../../../../src/api/gateway/proxy/verdict";

const answered = (status: number, whole = true): Ended => ({ kind: "answered", status, whole, took: 1 });
const failed = (kind: "unreachable" | "broken" | "status" | "late", status?: number, error = new Error()): Ended => ({
  kind: "failed",
  failure: { kind },
  error,
  ...(status !== undefined && { status }),
});

test.each<[what: string, ended: Ended, verdict: ReturnType<typeof verdictOf>]>([
  ["a good answer", answered(200), "well"],
  ["a refusal", answered(422), "well"],
  ["a polite no", answered(503), "well"],
  ["an error of its own", answered(500), "faulty"],
  ["a part of an answer", answered(200, false), "broken"],
  ["no connection", failed("unreachable"), "broken"],
  ["a connection that breaks", failed("broken"), "broken"],
  ["nothing in time", failed("late"), "late"],
  ["a polite no that is asked elsewhere again", failed("status", 503), "well"],
  ["a bad one", failed("status", 502), "faulty"],
  ["a body that is too large", failed("broken", undefined, new Problem(413, "body-too-large", "Too large.")), "none"],
  ["a caller that went away", { kind: "gone" }, "none"],
])("%s", (_what, ended, verdict) => {
  expect(verdictOf(ended)).toBe(verdict);
});
