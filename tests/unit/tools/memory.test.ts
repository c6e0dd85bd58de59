import { existsSync } from "node:fs";
import { spawn } from "node:child_process";
import { peakMemory } from "../../../src/tools/memory";
import { eventually } from "../../support/eventually";

const whereProc = existsSync("/proc/self/status") ? test : test.skip;

test("a process holds some memory", () => {
  expect(peakMemory()).toBeGreaterThan(10 * 2 ** 20);
});

whereProc("Node processes that it started count too, others do not", async () => {
  const node = spawn(process.execPath, ["-e", "console.log(1); setInterval(() => undefined, 1000)"]);
  const other = spawn("sleep", ["60"]);
  try {
    const alone = () => [node.pid ?? 0, other.pid ?? 0].map((pid) => peakMemory([pid]));
    await eventually(() => (alone()[0] ?? 0) > 20 * 2 ** 20);
    const [ofNode = 0] = alone();
    const own = peakMemory();
    expect(own).toBeGreaterThan(ofNode);
    node.kill();
    await eventually(() => peakMemory() < own);
  } finally {
    node.kill();
    other.kill();
  }
});
