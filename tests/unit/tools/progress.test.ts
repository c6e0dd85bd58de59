import { inFlight } from "../../../src/tools/in-flight";
import { Progress, progressText } from "../../../src/tools/progress";

function output(isTTY: boolean) {
  const written: string[] = [];
  return { written, stream: { isTTY, columns: 80, write: (text: string) => written.push(text) > 0 } };
}

test("on a terminal one line is drawn over and over, with rate, share and time left", () => {
  const { written, stream } = output(true);
  let now = 0;
  const progress = new Progress(stream, () => now);
  progress.update("importing", 0, 1_000, "rows");
  now = 50;
  progress.update("importing", 10, 1_000, "rows"); // too soon after the last
  now = 1_000;
  progress.update("importing", 250, 1_000, "rows");
  progress.clear();
  expect(written).toHaveLength(3);
  expect(written[1]).toBe("\rimporting  25 %  250 rows/s  3 s left");
  expect(written[2]).toMatch(/^\r +\r$/);
});

test("in a pipe nothing is said", () => {
  const { written, stream } = output(false);
  const progress = new Progress(stream);
  progress.update("importing", 1, 2, "rows");
  progress.clear();
  expect(written).toEqual([]);
});

test.each([
  [0, 0, undefined, "x  100 %"],
  [10, 100, undefined, "x  10 %"],
  [10, 100, 0, "x  10 %  0 rows/s"],
  [100, 100, 50, "x  100 %  50 rows/s"],
  [0, 12_345, 100, "x  0 %  100 rows/s  2 min 04 s left"],
])("%d of %d at %s", (done, total, rate, text) => {
  expect(progressText("x", done, total, "rows", rate)).toBe(text);
});

test("tasks begin in order, never more than allowed at once", async () => {
  const begun: number[] = [];
  let now = 0;
  let most = 0;
  await inFlight(Array.from({ length: 20 }, (_, n) => n), 3, async (n) => {
    begun.push(n);
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now--;
  }); // prettier-ignore
  expect(begun).toEqual([...begun].sort((a, b) => a - b));
  expect(begun).toHaveLength(20);
  expect(most).toBe(3);
});

test("after a failure no task begins, and those under way are waited for", async () => {
  let ended = 0;
  const run = inFlight([1, 2, 3, 4, 5], 2, async (n) => {
    if (n === 1) throw new Error("first");
    await new Promise(setImmediate);
    ended++;
  });
  await expect(run).rejects.toThrow("first");
  expect(ended).toBe(1);
});

test("a signal ends it with its reason", async () => {
  const stop = new AbortController();
  const run = inFlight([1, 2, 3], 1, async (n) => { if (n === 2) stop.abort(new Error("stop")); }, stop.signal); // prettier-ignore
  await expect(run).rejects.toThrow("stop");
});
