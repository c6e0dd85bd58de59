import { existsSync } from "node:fs";
import { auditedOf } from "../engine/audited";
import { bringUpStores } from "../engine/bundled-stores";
import { contextsOf } from "../engine/contexts";
import { type Audited, verify, verifyForgotten, type VerifyReport } from "../infra/audit";
import { settings, type Settings } from "../infra/config";
import { EventLog } from "../infra/eventstore";
import { MongoStores } from "../infra/mongo";
import { Progress } from "../tools/progress";
import { lockDataFolder, readRunRecord } from "./data-folder";
import { type Flags } from "./flags";
import { masterKeysOf } from "./master-keys";
import { untilStopped } from "./process";
import { givenStores } from "./stores";
import { forgottenText, verifyText } from "./verify-text";

/**
 * `millrace verify`: holds all that is stored against the log. On the named stores, else on those of the shop that runs
 * on the data folder, else on stores brought up on the data folder for it. The exit code is 1 when anything differs.
 */
export async function verifyStores(names: readonly string[], flags: Flags): Promise<void> {
  const chosen = settings(process.env, flags);
  if (typeof flags["forgotten"] === "string") return verifyPersonForgotten(flags["forgotten"], chosen, flags);
  const audited = only(auditedOf(contextsOf({ paymentTimeout: chosen.paymentTimeout })), names);
  const streams = flags["streams"] !== false && names.length === 0;
  const stopping = new AbortController();
  void untilStopped().then(() => stopping.abort(new Error("Stopped before the end.")));
  const { signal } = stopping;
  const report = await onStores(chosen, (stores) =>
    verifyOn(stores, chosen.mongodbPrefix, { ...audited, streams, signal }),
  );
  process.stdout.write(flags["json"] === true ? `${JSON.stringify(report, null, 2)}\n` : verifyText(report));
  if (!report.good) process.exitCode = 1;
}

/** `millrace verify --forgotten ID`: whether anything is left of a person. The exit code is 1 when something is. */
async function verifyPersonForgotten(id: string, chosen: Settings, flags: Flags): Promise<void> {
  const { dataDir, mongodbPrefix, paymentTimeout } = chosen;
  const { catalogue } = auditedOf(contextsOf({ paymentTimeout }));
  const logs = listOf(flags["log"]);
  const missing = logs.find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`--log: there is no ${missing}.`);
  const stopping = new AbortController();
  void untilStopped().then(() => stopping.abort(new Error("Stopped before the end.")));
  const report = await onStores(chosen, async ({ eventstoreUrl, mongoUrl }) => {
    const log = new EventLog(eventstoreUrl, catalogue);
    try {
      const stores = await MongoStores.connect({ url: mongoUrl, prefix: mongodbPrefix });
      try {
        return await verifyForgotten({
          catalogue,
          log,
          stores,
          id,
          masterKeys: masterKeysOf(chosen),
          values: listOf(flags["value"]),
          paths: [...(existsSync(dataDir) ? [dataDir] : []), ...logs],
          signal: stopping.signal,
        });
      } finally {
        await stores.close();
      }
    } finally {
      await log.close();
    }
  });
  process.stdout.write(flags["json"] === true ? `${JSON.stringify(report, null, 2)}\n` : forgottenText(report));
  if (!report.good) process.exitCode = 1;
}

/** Of a flag that may be given several times. */
const listOf = (flag: unknown): readonly string[] =>
  Array.isArray(flag) ? flag.map(String) : typeof flag === "string" ? [flag] : [];

interface Urls {
  readonly eventstoreUrl: string;
  readonly mongoUrl: string;
}

async function onStores<T>(chosen: Settings, use: (stores: Urls) => Promise<T>): Promise<T> {
  const named = chosen.eventstoreUrl !== undefined && chosen.mongodbUrl !== undefined;
  if (named || readRunRecord(chosen.dataDir)) return use(givenStores(chosen));
  const unlock = lockDataFolder(chosen.dataDir);
  try {
    const stores = await bringUpStores({ ...chosen, log: (line) => process.stderr.write(`${line}\n`) });
    try {
      return await Promise.race([use(stores), stores.failed]);
    } finally {
      await stores.stop();
    }
  } finally {
    unlock();
  }
}

const PHASES = { log: { label: "replaying", unit: "MB" }, "read-models": { label: "comparing", unit: "read models" } };
/** Positions are bytes into the log. */
const MB = 1_000_000;

async function verifyOn(
  { eventstoreUrl, mongoUrl }: Urls,
  prefix: string,
  audited: Audited & { readonly streams: boolean; readonly signal: AbortSignal },
): Promise<VerifyReport> {
  const log = new EventLog(eventstoreUrl, audited.catalogue);
  const progress = new Progress();
  try {
    const stores = await MongoStores.connect({ url: mongoUrl, prefix });
    try {
      return await verify({
        ...audited,
        log,
        stores,
        progress(phase, done, total) {
          const { label, unit } = PHASES[phase];
          const size = phase === "log" ? MB : 1;
          progress.update(label, done / size, total / size, unit);
        },
      });
    } finally {
      await stores.close();
    }
  } finally {
    progress.clear();
    await log.close();
  }
}

/** The read models that are named, by full name, bare name or context; all when none is. @throws naming one unknown */
export function only(audited: Audited, names: readonly string[]): Audited {
  if (names.length === 0) return audited;
  const namesOf = ({ context, name }: { readonly context: string; readonly name: string }) => [
    context,
    name,
    `${context}.${name}`,
  ];
  const known = [...audited.projections, ...audited.feeds].map(namesOf);
  const unknown = names.filter((name) => !known.some((each) => each.includes(name)));
  if (unknown.length > 0) {
    const all = known.map((each) => each.at(-1)).sort();
    throw new Error(`There is no read model called ${unknown.join(", ")}. There is: ${all.join(", ")}.`);
  }
  const wanted = (part: { readonly context: string; readonly name: string }) =>
    namesOf(part).some((name) => names.includes(name));
  return { ...audited, projections: audited.projections.filter(wanted), feeds: audited.feeds.filter(wanted) };
}
