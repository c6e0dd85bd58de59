import { request } from "undici";
import { CONTEXTS } from "../engine/contexts";
import { settings, type Settings } from "../infra/config";
import { MongoStores, seenInstances, type SeenInstance } from "../infra/mongo";
import { pause } from "../infra/runtime";
import { readRunRecord } from "./data-folder";
import { type Flags } from "./flags";
import { untilStopped } from "./process";
import { developmentKey } from "./running-shop";
import { type Probe, type StatusReport, statusReport, statusText } from "./status-report";

/** How long a process may take to say how it is, in ms. */
const PATIENCE = 3_000;
/** How often `--watch` looks, in ms. */
const RHYTHM = 2_000;
const CLEAR = "\u001b[2J\u001b[H";

/**
 * `millrace status`: every process of the shop, how it is and how far its work is, and what is wrong in words; once, or
 * again and again. The exit code is 1 when something is wrong.
 */
export async function status(flags: Flags): Promise<void> {
  const chosen = settings(process.env, flags);
  const key = typeof flags["key"] === "string" ? flags["key"] : (chosen.adminApiKey ?? developmentKey(chosen.dataDir));
  const stores = await MongoStores.connect({ url: registerOf(chosen), prefix: chosen.mongodbPrefix });
  const show = (report: StatusReport) => {
    process.exitCode = report.good ? 0 : 1;
    return flags["json"] === true ? `${JSON.stringify(report, null, 2)}\n` : statusText(report);
  };
  try {
    if (flags["watch"] !== true) return void process.stdout.write(show(await look(stores, key)));
    const stopping = new AbortController();
    void untilStopped().then(() => stopping.abort());
    while (!stopping.signal.aborted) {
      // Whoever watches wants to see when it is there again.
      const text = await look(stores, key).then(show, (error: Error) => {
        process.exitCode = 1;
        return `The register in MongoDB cannot be read: ${error.message}\n`;
      });
      const at = flags["json"] === true ? "" : `${new Date().toTimeString().slice(0, 8)}\n\n`;
      process.stdout.write(process.stdout.isTTY ? CLEAR + at + text : at + text);
      await pause(RHYTHM, stopping.signal);
    }
  } finally {
    await stores.close();
  }
}

function registerOf({ mongodbUrlOperations, mongodbUrl, dataDir }: Settings): string {
  const url = mongodbUrlOperations ?? mongodbUrl ?? readRunRecord(dataDir)?.mongoUrl;
  if (url !== undefined) return url;
  throw new Error(
    `Name the MongoDB of the shop with MONGODB_URL (--mongodb), or the data folder of one that runs (--data): nothing runs on ${dataDir}.`,
  );
}

async function look(stores: MongoStores, key: string | undefined): Promise<StatusReport> {
  const instances = await seenInstances(stores);
  const asked = instances
    .filter(({ alive }) => alive)
    .map(async (instance) => [instance._id, await probe(instance, key)] as const);
  return statusReport(instances, new Map(await Promise.all(asked)), CONTEXTS);
}

async function probe({ url }: SeenInstance, key: string | undefined): Promise<Probe> {
  try {
    const [ready, figures] = await Promise.all([ask(`${url}/health/ready`), ask(`${url}/metrics`, key)]);
    return {
      ready: ready.status === 200,
      reason: ready.status === 200 ? undefined : detailOf(ready.text),
      metrics: figures.status === 200 ? figures.text : undefined,
    };
  } catch (error) {
    return { ready: false, reason: error instanceof Error ? error.message : String(error), metrics: undefined };
  }
}

async function ask(url: string, key?: string): Promise<{ readonly status: number; readonly text: string }> {
  const { statusCode, body } = await request(url, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(PATIENCE),
  });
  return { status: statusCode, text: await body.text() };
}

/** The sentence of a problem; what is none, as it is. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: string };
    return (detail ?? text).replace(/^Not ready: /, "").replace(/\.$/, "");
  } catch {
    return text.slice(0, 200);
  }
}
