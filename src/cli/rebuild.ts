import { setTimeout as sleep } from "node:timers/promises";
import { auditedOf } from "../engine/audited";
import { contextsOf } from "../engine/contexts";
import { compareFeed, compareProjection, type CompareReport } from "../infra/audit";
import { settings, type Settings } from "../infra/config";
import { EventLog } from "../infra/eventstore";
import { MongoStores } from "../infra/mongo";
import { ShopClient } from "../tools/http";
import { Progress } from "../tools/progress";
import { type Flags } from "./flags";
import { compareText } from "./rebuild-text";
import { expectAnswer, runningShop } from "./running-shop";
import { givenStores } from "./stores";

/** What the operations API says of a read model, as far as it matters here. */
interface Work {
  readonly name: string;
  readonly context: string;
  readonly kind: "projection" | "feed" | "process" | "reaction";
  readonly state: string;
  readonly target: string | null;
  readonly rebuild: {
    readonly target: string;
    readonly state: string;
    readonly progress: number;
    readonly error: { readonly message: string } | null;
  } | null;
}

/** What has become of one read model. */
export interface Rebuilt {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly seconds: number;
}

/** How often it is asked how far the rebuilds are, in ms. */
const RHYTHM = 300;
/** Every read model and feed. */
const ALL = "all";
/** Documents that are told in a report for programs. */
const MOST_IN_JSON = 1_000;

/**
 * `millrace rebuild PROJECTION…`: builds read models anew in the running shop, which goes on serving; with `--compare`
 * compares what served before with what serves then, document by document. The exit code is 1 when anything differs.
 */
export async function rebuild(names: readonly string[], flags: Flags): Promise<void> {
  const chosen = settings(process.env, flags);
  const only = flags["compareOnly"] === true;
  const compares = only || flags["compare"] === true;
  const json = flags["json"] === true;
  // Better said before than after the work.
  const stores = compares ? givenStores(chosen) : undefined;
  const operations = await connect(chosen, flags);
  try {
    const works = await operations.find(names);
    const rebuilt = only ? [] : await rebuildAll(operations, works, (line) => !json && process.stdout.write(line));
    const compared = stores ? await compareAll(chosen, stores, works, json ? MOST_IN_JSON : undefined) : [];
    if (json) process.stdout.write(`${JSON.stringify({ rebuilt, ...(compares && { compared }) }, null, 2)}\n`);
    else for (const each of compared) process.stdout.write(compareText(each));
    if (compared.some(({ differing }) => differing > 0)) process.exitCode = 1;
  } finally {
    await operations.close();
  }
}

async function connect(chosen: Settings, flags: Flags): Promise<Operations> {
  const { dataDir } = chosen;
  const running = runningShop(dataDir, flags);
  if (running === undefined)
    throw new Error(`No shop runs on ${dataDir}: start one with millrace start, or name one with --url.`);
  await expectAnswer(running);
  return new Operations(running);
}

/** The operations API of a running shop. */
class Operations {
  private readonly client: ShopClient;
  private readonly headers: readonly string[];

  constructor({ url, key }: { readonly url: string; readonly key: string | undefined }) {
    this.client = new ShopClient({ url, connections: 2 });
    this.headers = key === undefined ? [] : ["X-API-Key", key];
  }

  /** The read models and feeds of these names. @throws Refused naming one that is not there */
  async find(names: readonly string[]): Promise<readonly Work[]> {
    if (!names.includes(ALL)) return Promise.all(names.map((name) => this.look(name)));
    const { items } = await this.ask<{ readonly items: readonly Work[] }>("GET", "");
    return items.filter(({ kind }) => kind === "projection" || kind === "feed");
  }

  look(name: string): Promise<Work> {
    return this.ask<Work>("GET", `/${encodeURIComponent(name)}`);
  }

  begin(name: string): Promise<Work> {
    return this.ask<Work>("POST", `/${encodeURIComponent(name)}/rebuild`);
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private ask<T>(method: "GET" | "POST", path: string): Promise<T> {
    return this.client.json<T>({
      method,
      path: `/operations/v1/projections${path}`,
      kind: "operations",
      headers: this.headers,
    });
  }
}

const fullName = ({ context, name }: Pick<Work, "context" | "name">): string => `${context}.${name}`;

async function rebuildAll(
  operations: Operations,
  works: readonly Work[],
  say: (line: string) => void,
): Promise<readonly Rebuilt[]> {
  const progress = new Progress();
  const begun = performance.now();
  const open = new Map<string, { readonly before: string; readonly target: string }>();
  const done: Rebuilt[] = [];
  try {
    for (const work of works) {
      const { rebuild: begunNow } = await operations.begin(fullName(work));
      if (begunNow) open.set(fullName(work), { before: work.target ?? "", target: begunNow.target });
    }
    while (open.size > 0) {
      let share = done.length;
      for (const [name, { before, target }] of open) {
        const now = await operations.look(name);
        share += shareOf(now, target);
        if (now.rebuild !== null || now.target !== target) continue;
        open.delete(name);
        const rebuilt = { name, before, after: target, seconds: (performance.now() - begun) / 1000 };
        done.push(rebuilt);
        progress.clear();
        say(`${name}: ${target} serves after ${rebuilt.seconds.toFixed(1)} s; before it served ${before}\n`);
      }
      progress.update("rebuilding", share, works.length, "read models");
      if (open.size > 0) await sleep(RHYTHM);
    }
    return done;
  } finally {
    progress.clear();
  }
}

/** How far the rebuild is, 0 to 1. @throws when it cannot go on, or another has taken its place */
function shareOf(work: Work, target: string): number {
  const { rebuild: under } = work;
  if (under === null) {
    if (work.target === target) return 1;
    throw new Error(`${fullName(work)}: the rebuild ${target} is not there any more; ${work.target ?? "?"} serves.`);
  }
  if (under.state === "failed")
    throw new Error(
      `${fullName(work)}: the rebuild stands still, and goes on with retry: ${under.error?.message ?? ""}`,
    );
  return under.progress;
}

async function compareAll(
  { mongodbPrefix, paymentTimeout }: Settings,
  { eventstoreUrl, mongoUrl }: { readonly eventstoreUrl: string; readonly mongoUrl: string },
  works: readonly Work[],
  most: number | undefined,
): Promise<readonly CompareReport[]> {
  const { catalogue, projections, feeds } = auditedOf(contextsOf({ paymentTimeout }));
  const log = new EventLog(eventstoreUrl, catalogue);
  const stores = await MongoStores.connect({ url: mongoUrl, prefix: mongodbPrefix });
  const progress = new Progress();
  const reports: CompareReport[] = [];
  try {
    for (const work of works) {
      progress.update("comparing", reports.length, works.length, "read models");
      const is = (part: Pick<Work, "context" | "name">) => fullName(part) === fullName(work);
      const [projection, feed] = [projections.find(is), feeds.find(is)];
      if (projection) reports.push(await compareProjection(projection, { log, stores, most }));
      else if (feed) reports.push(await compareFeed(feed, { log, stores, most }));
    }
    return reports;
  } finally {
    progress.clear();
    await Promise.all([stores.close(), log.close()]);
  }
}
