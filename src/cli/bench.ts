import { settings } from "../infra/config";
import { type Flags } from "./flags";
import { runBench } from "../tools/bench/bench";
import { benchTable } from "../tools/bench/report";
import { wholeFlag } from "./process";
import { expectAnswer, keyOf, runningShop } from "./running-shop";
import { temporaryShop } from "./temporary-shop";

/** `millrace bench`: measures the shop that runs, or one of its own with the demo articles. */
export async function bench(flags: Flags): Promise<void> {
  const { dataDir } = settings(process.env, flags);
  const seconds = wholeFlag("--seconds", flags["seconds"], 1, 3_600);
  const json = flags["json"] === true;
  const say = (line: string): void => void (!json && process.stderr.write(`${line}\n`));
  const stopping = new AbortController();
  process.once("SIGINT", () => stopping.abort(new Error("stopped before the end")));
  process.once("SIGTERM", () => stopping.abort(new Error("stopped before the end")));
  const { signal } = stopping;

  const running = runningShop(dataDir, flags);
  const own = running === undefined;
  const shop = own ? await startOwn(say, signal) : { url: running.url, key: keyOf(running, dataDir), remove: nothing };
  try {
    const { url, key } = shop;
    await expectAnswer(shop);
    say(`Measuring ${url}, ${seconds} s each.${own ? "" : " The orders that it places stay in the shop."}`);
    const progress = process.stderr.isTTY ? (name: string) => say(`  ${name} …`) : undefined;
    const results = await runBench({ url, key, seconds, signal, ...(progress && { progress }) });
    process.stdout.write(json ? `${JSON.stringify({ url, seconds, results }, null, 2)}\n` : `\n${benchTable(results)}`);
    if (results.some(({ errors }) => errors > 0)) process.exitCode = 1;
  } finally {
    await shop.remove();
  }
}

const nothing = (): Promise<void> => Promise.resolve();

function startOwn(say: (line: string) => void, signal: AbortSignal) {
  say("No shop runs here: starting one on a folder of its own, which is removed afterwards.");
  return temporaryShop(signal);
}
