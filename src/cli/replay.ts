import { settings } from "../infra/config";
import { type Flags } from "./flags";
import { isRunName, replayOnlineRetail, type ReplayPhase } from "../tools/online-retail/replay/replay";
import { replayText } from "../tools/online-retail/replay/report";
import { checkFile } from "../tools/online-retail/rows";
import { Progress } from "../tools/progress";
import { wholeFlag } from "./process";
import { expectAnswer, keyOf, runningShop } from "./running-shop";

const LABELS = {
  read: { label: "reading", unit: "bytes" },
  supply: { label: "supplying the shop", unit: "articles" },
  shop: { label: "shopping", unit: "orders" },
  audit: { label: "holding the books against the file", unit: "looks" },
} as const satisfies Record<ReplayPhase, object>;

/** `millrace replay online-retail FILE`: sales invoices through the front door of a running shop. */
export async function replay(file: string, flags: Flags): Promise<void> {
  const { dataDir } = settings(process.env, flags);
  const concurrency = wholeFlag("--concurrency", flags["concurrency"], 1, 1_000);
  const invoices = flags["invoices"] === undefined ? undefined : wholeFlag("--invoices", flags["invoices"], 1, 10_000_000); // prettier-ignore
  const run = String(flags["run"]);
  if (!isRunName(run)) throw new Error(`--run must be 1 to 40 of a-z, 0-9 and -, not ${run}`);
  await checkFile(file);
  const running = runningShop(dataDir, flags);
  if (running === undefined)
    throw new Error(`No shop runs on ${dataDir}: start one with millrace start, or name one with --url.`);
  const key = keyOf(running, dataDir);
  await expectAnswer(running);
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
  const { signal } = stopping;
  const progress = new Progress();
  try {
    const report = await replayOnlineRetail({
      // A shop that comes back may be at another port.
      url: flags["url"] === undefined ? () => runningShop(dataDir, flags)?.url : running.url,
      key,
      source: file,
      run,
      invoices,
      concurrency,
      signal,
      progress: (phase, done, total) => progress.update(LABELS[phase].label, done, total, LABELS[phase].unit),
    });
    progress.clear();
    process.stdout.write(flags["json"] === true ? `${JSON.stringify(report, null, 2)}\n` : replayText(report));
    if (!report.addsUp) process.exitCode = 1;
  } catch (error) {
    progress.clear();
    if (!signal.aborted) throw error;
    process.stderr.write("Stopped. What has been ordered stays; run the same command again to go on.\n");
    process.exitCode = 130;
  }
}
