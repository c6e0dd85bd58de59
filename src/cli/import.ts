import { bringUpStores } from "../engine/bundled-stores";
import { catalogueOf, type Context } from "../engine/context";
import { contextsOf } from "../engine/contexts";
import { Engine } from "../engine/engine";
import { settings, type Settings } from "../infra/config";
import { EventLog, EventLogUnavailable } from "../infra/eventstore";
import { MongoStores } from "../infra/mongo";
import { People } from "../infra/privacy";
import { CommandHandler } from "../infra/runtime";
import { type Flags } from "./flags";
import { peakMemory } from "../tools/memory";
import { importOnlineRetail, type Execute, type ImportProgress } from "../tools/online-retail/import";
import { reportText, type Report } from "../tools/online-retail/report";
import { checkFile } from "../tools/online-retail/rows";
import { Progress } from "../tools/progress";
import { lockDataFolder, readRunRecord } from "./data-folder";
import { foreignPositions, ownPositions, untilLevel, type Positions } from "./level";
import { masterKeysFor, masterKeysNeeded } from "./master-keys";
import { untilStopped } from "./process";
import { givenStores } from "./stores";

const LABELS = {
  reading: { label: "reading", unit: "KiB", size: 1024 },
  articles: { label: "importing articles", unit: "articles", size: 1 },
  documents: { label: "importing documents", unit: "rows", size: 1 },
} as const satisfies Record<ImportProgress["phase"], object>;

interface Run {
  readonly file: string;
  readonly settings: Settings;
  readonly contexts: readonly Context[];
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/**
 * `millrace import online-retail FILE`: into the named stores, else into the shop that runs on the data folder, else
 * into stores brought up on the data folder, where the read models are then built too.
 */
export async function importFile(file: string, flags: Flags): Promise<void> {
  const chosen = settings(process.env, flags);
  await checkFile(file);
  const stopping = new AbortController();
  void untilStopped().then(() => stopping.abort(new Interrupted()));
  const contexts = contextsOf({ paymentTimeout: chosen.paymentTimeout });
  const progress = new Progress();
  const run: Run = { file, settings: chosen, contexts, signal: stopping.signal, progress };
  const running = readRunRecord(chosen.dataDir);
  const named = chosen.eventstoreUrl !== undefined && chosen.mongodbUrl !== undefined;
  try {
    if (named || running) await importBesideWorkers(run, named ? undefined : running?.pid);
    else await importAlone(run);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    progress.clear();
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 130;
  } finally {
    progress.clear();
  }
}

class Interrupted extends Error {
  constructor() {
    super("Stopped. What has been imported is kept; run the same command again to go on.");
  }
}

/** The stores have workers of their own: this process only writes, and looks on as they follow. */
async function importBesideWorkers(run: Run, pid: number | undefined): Promise<void> {
  const { contexts, settings, signal } = run;
  const { eventstoreUrl, mongoUrl } = givenStores(settings);
  const masterKeys = masterKeysNeeded(settings, "an import of customers' orders");
  await expectLog(eventstoreUrl, contexts);
  const stores = await connectMongo(mongoUrl, settings.mongodbPrefix);
  try {
    const people = await People.open(stores, masterKeys);
    const log = openLog(eventstoreUrl, contexts, people);
    try {
      const report = await importInto(run, log, new CommandHandler(log));
      show(run, reportText(report));
      const ends = await reached(log, eventstoreUrl);
      const level = await project(run, () => foreignPositions(stores, contexts), ends, report.events);
      if (level === undefined && !signal.aborted)
        show(run, "Nobody builds the read models of these stores now; millrace start or millrace work will.\n");
      show(run, memoryText(pid === undefined ? [process.pid] : [process.pid, pid]));
    } finally {
      await log.close();
      await people.flush().catch(() => undefined);
    }
  } finally {
    await stores.close();
  }
}

/** Nothing runs on the data folder: its stores are brought up, and the read models built here. */
async function importAlone(run: Run): Promise<void> {
  const { settings } = run;
  const unlock = lockDataFolder(settings.dataDir);
  try {
    const stores = await bringUpStores({ ...settings, log: (line) => show(run, `${line}\n`, process.stderr) });
    try {
      await Promise.race([importWithEngine(run, stores), stores.failed]);
    } finally {
      await stores.stop();
    }
  } finally {
    unlock();
  }
}

interface Stores {
  readonly eventstoreUrl: string;
  readonly mongoUrl: string;
  readonly ownMongo: boolean;
}

async function importWithEngine(run: Run, stores: Stores): Promise<void> {
  const { contexts, settings } = run;
  const readModels = contexts.flatMap(({ projections, feeds }) =>
    [...projections, ...feeds].map(({ context, name }) => `${context}.${name}`),
  );
  const engine = await Engine.start({
    contexts,
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix: settings.mongodbPrefix,
    writeConcern: stores.ownMongo ? 1 : "majority",
    work: readModels,
    masterKeys: masterKeysFor(settings, (line) => show(run, `${line}\n`, process.stderr)),
    report: (level, message) => level !== "info" && show(run, `${message}\n`, process.stderr),
  }).catch((error: unknown) => {
    throw unreachable("stores", `${stores.eventstoreUrl}, ${stores.mongoUrl}`, error);
  });
  try {
    const report = await importInto(run, engine.log, engine.commands);
    show(run, reportText(report));
    const end = await engine.log.endPosition();
    const level = await project(run, async () => ownPositions(engine), end, report.events);
    if (level === undefined) throw new Error("The read models do not move on; see the log of millrace start.");
    show(run, memoryText([process.pid]));
  } finally {
    await engine.stop();
  }
}

async function importInto(run: Run, log: EventLog, commands: CommandHandler): Promise<Report> {
  const { file, signal, progress } = run;
  const execute: Execute = async (...command) => {
    const outcome = await commands.execute(...command);
    return outcome.accepted ? outcome : outcome.error;
  };
  try {
    return await importOnlineRetail({
      file,
      execute,
      endPosition: () => log.endPosition(),
      meet: (ids) => log.codec.personal.people?.makeAll(ids) ?? Promise.resolve(),
      signal,
      progress({ phase, done, total }) {
        const { label, unit, size } = LABELS[phase];
        progress.update(label, done / size, total / size, unit);
      },
    });
  } catch (error) {
    throw error instanceof EventLogUnavailable ? unreachable("event store", log.url, error) : error;
  }
}

/** Waits for the read models and tells how long they took. @returns `undefined` when nobody works on them */
async function project(run: Run, positions: () => Promise<Positions>, end: bigint, events: number) {
  const { signal, progress } = run;
  const begun = performance.now();
  const level = await untilLevel(positions, end, {
    signal,
    progress: (share) => progress.update("building read models", Math.round(share * events), events, "events"),
  });
  if (!level) return undefined;
  const seconds = (performance.now() - begun) / 1000;
  show(run, `Read models are level ${seconds.toFixed(1)} s after the import.\n`);
  return seconds;
}

function memoryText(pids: readonly number[]): string {
  return `Millrace's own processes held at most ${Math.round(peakMemory(pids) / 2 ** 20)} MiB.\n`;
}

function show({ progress }: Run, text: string, output: NodeJS.WriteStream = process.stdout): void {
  progress.clear();
  output.write(text);
}

/** Better said before anything is set going. */
async function expectLog(url: string, contexts: readonly Context[]): Promise<void> {
  const log = openLog(url, contexts);
  try {
    await reached(log, url);
  } finally {
    await log.close();
  }
}

function openLog(url: string, contexts: readonly Context[], people?: People): EventLog {
  try {
    return new EventLog(url, catalogueOf(contexts), people);
  } catch (error) {
    throw new Error(`The event store's address cannot be understood: ${(error as Error).message}`, { cause: error });
  }
}

async function connectMongo(url: string, prefix: string): Promise<MongoStores> {
  try {
    return await MongoStores.connect({ url, prefix });
  } catch (error) {
    throw unreachable("MongoDB", url, error);
  }
}

const reached = (log: EventLog, url: string): Promise<bigint> =>
  log.endPosition().catch((error: unknown) => {
    throw unreachable("event store", url, error);
  });

function unreachable(what: string, url: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const reason = message
    .replace(/Resolution note:\s*$/, "")
    .replace(/\s+/g, " ")
    .trim();
  const place = url.replace(/\/\/[^/@]*@/g, "//…@");
  return new Error(`The ${what} at ${place} cannot be reached: ${reason.slice(0, 300)}`, {
    cause: error,
  });
}
