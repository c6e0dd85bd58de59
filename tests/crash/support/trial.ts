import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Chance } from "./chance";
import { Client } from "./client";
import { killAgainAndAgain, type Kill } from "./killer";
import { Ledger, type Article } from "./ledger";
import { faultsOfLog } from "./log-audit";
import { LogFacts } from "./log-facts";
import { faultsOfRebuild, isReadModel, type Work } from "./rebuilds";
import { ADMIN_KEY, PREFIX, type CrashShop } from "./shops";
import { visit, type World } from "./shopper";
import { faultsOfAnswers } from "./shown-audit";

/** Kills between two audits at most. */
const KILLS_AT_A_TIME = 12;
const SHOPPERS = 16;
/** How long everything that has begun may take to end once nobody is killed any more, in ms. */
const SETTLES_WITHIN = 45_000;
/** More faults help nobody. */
const SHOWN = 25;

export interface Outcome {
  readonly kills: readonly Kill[];
  readonly carts: number;
  readonly orders: Readonly<Record<string, number>>;
  readonly events: number;
  readonly answers: number;
  readonly retries: number;
  readonly slowest: Client["slowest"];
  /** Errors that no caller should see. */
  readonly surprises: readonly string[];
  /** Promises that were broken; none, it is hoped. */
  readonly faults: readonly string[];
}

/** Shoppers shop while processes are killed; then everything is looked at. */
export async function trial(shop: CrashShop, kills: number, chance: Chance): Promise<Outcome> {
  const client = new Client(...shop.urls);
  const world: World = { client, ledger: new Ledger(), articles: await stockUp(client), adminKey: ADMIN_KEY };
  const done: Kill[] = [];
  let faults: readonly string[] = [];
  let log: LogFacts | undefined;
  try {
    while (done.length < kills && faults.length === 0) {
      const now = Math.min(KILLS_AT_A_TIME, kills - done.length);
      done.push(...(await underLoad(world, chance, () => killAgainAndAgain(shop.victims, now, chance.fork()))));
      log = await settled(shop, world);
      faults = [
        ...world.ledger.faults,
        ...faultsOfLog(log, world.ledger, world.articles),
        ...(await faultsOfAnswers(world, log, chance)),
      ];
    }
    if (log) faults = [...faults, ...(await rebuild(shop, log))];
  } finally {
    await client.close();
  }
  const { answers, retries, slowest, surprises } = client;
  const orders: Record<string, number> = {};
  for (const { order } of world.ledger.orders) orders[order.status] = (orders[order.status] ?? 0) + 1;
  return {
    kills: done,
    carts: world.ledger.carts.length,
    orders,
    events: log?.events ?? 0,
    answers,
    retries,
    slowest,
    surprises: [...surprises].map(([what, times]) => `${times} × ${what}`),
    faults: faults.slice(0, SHOWN),
  };
}

/** One of each price shape; the last ones are scarce, so that some orders find them sold out. */
async function stockUp(client: Client): Promise<readonly Article[]> {
  const headers = { "X-API-Key": ADMIN_KEY };
  const prices = ["0.85", "2.95", "12.75", "1.255", "0.001", "99.00", "4.25", "7.50"];
  const articles = prices.map((price, index) => ({
    sku: `CRASH-${index}`,
    price,
    received: index < 6 ? 100_000 : 60,
  }));
  const send = async (method: "POST", path: string, body: object) => {
    const answer = await client.ask(method, path, { body, headers, key: randomUUID() });
    if (answer.status > 201) throw new Error(`${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  };
  let token = "";
  for (const { sku, price, received } of articles) {
    const product = await send("POST", "/admin/v1/products", { title: `Article ${sku}`, variants: [{ sku }] });
    await send("POST", `/admin/v1/products/${product.body.id}/publish`, {});
    await send("POST", `/admin/v1/prices/${sku}`, { currency: "GBP", amount: price });
    const stocked = await send("POST", `/admin/v1/stock/main/${sku}/receipts`, { quantity: received });
    token = stocked.headers["consistency-token"] ?? token;
  }
  await client.ask("GET", "/store/v1/products", { headers: { "Consistency-Token": token } });
  return articles;
}

/**
 * Shoppers come one after another, some at once, until the work is done; each finishes what it has begun. Meanwhile an
 * operator has read models rebuilt, where that is possible.
 */
async function underLoad<T>(world: World, chance: Chance, work: () => Promise<T>): Promise<T> {
  let over = false;
  const people = [
    ...Array.from({ length: SHOPPERS }, async () => {
      const own = chance.fork();
      while (!over) await visit(world, own.fork());
    }),
    operate(world.client, chance.fork(), () => over),
  ];
  const worked = await outcomeOf(work());
  over = true;
  const finished = await Promise.allSettled(people);
  // When processes are not there any more, that is the cause, and shoppers without an answer the effect.
  if ("error" in worked) throw worked.error;
  for (const each of finished) if (each.status === "rejected") throw each.reason;
  return worked.value;
}

const outcomeOf = <T>(work: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

async function operate(client: Client, chance: Chance, over: () => boolean): Promise<void> {
  while (!over()) {
    const { status, body } = await client.ask("GET", "/operations/v1/projections");
    if (status !== 200) return;
    const { context, name } = chance.pick((body.items as Work[]).filter(isReadModel));
    await client.ask("POST", `/operations/v1/projections/${context}.${name}/rebuild`);
    await pause(chance.between(50, 400));
  }
}

/** The log once all that was begun has come to its end, or what it is when that takes too long. */
async function settled(shop: CrashShop, { ledger, articles }: World): Promise<LogFacts> {
  const deadline = Date.now() + SETTLES_WITHIN;
  for (;;) {
    const log = await LogFacts.read(shop.eventstoreUrl());
    if (faultsOfLog(log, ledger, articles).length === 0 || Date.now() > deadline) return log;
    await pause(250);
  }
}

async function rebuild(shop: CrashShop, { end }: LogFacts): Promise<string[]> {
  const client = new Client(await shop.asOne());
  try {
    return await faultsOfRebuild({ client, mongoUrl: shop.mongoUrl(), prefix: PREFIX, end });
  } finally {
    await client.close();
  }
}
