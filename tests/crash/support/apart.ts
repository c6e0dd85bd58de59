import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditedOf } from "../../../src/engine/audited";
import { worksOf } from "../../../src/engine/context";
import { contextsOf } from "../../../src/engine/contexts";
import { verify } from "../../../src/infra/audit";
import { type LevelDocument } from "../../../src/projections/inventory/levels";
import { makeArticles } from "../../support/articles";
import { TEST_MASTER_KEY } from "../../support/master-keys";
import { Proxy } from "../../support/proxy";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy, expectStatus } from "../../support/shopper";
import { faultsOfPayment, faultsOfStock, statusOf } from "./log-audit";
import { faultsOfStreams, LogFacts } from "./log-facts";
import { MillraceProcess } from "./victims";

/** What runs in processes of its own: a process manager with timers, and a read model that adds up. */
export const APART = {
  process: { context: "ordering", name: "checkout" },
  model: { context: "inventory", name: "levels" },
};
const NAMES = Object.values(APART).map(({ context, name }) => `${context}.${name}`);
const ENDED: readonly string[] = ["confirmed", "completed", "cancelled"];
const IN_STOCK = ["APART-1", "APART-2", "APART-3"];
const SOLD_OUT = "APART-SOLD-OUT";
const PLENTY = 100_000;

/** A piece of what a worker says to a store, or is answered. */
export interface Piece {
  readonly store: "mongo" | "eventstore";
  readonly from: "worker" | "store";
  readonly bytes: Buffer;
}

/** `millrace work` as a process of its own, whose every message to the stores is seen. */
export class WorkerApart {
  private readonly program: MillraceProcess;

  private constructor(
    readonly name: string,
    private readonly sight: { inspect: (piece: Piece) => boolean },
    private readonly proxies: readonly Proxy[],
    { options }: TestShop,
    folder: string,
  ) {
    const [eventstore, mongo] = proxies as [Proxy, Proxy];
    this.program = new MillraceProcess({
      name,
      args: ["work", ...NAMES],
      env: {
        EVENTSTORE_URL: eventstore.through(options.eventstoreUrl),
        MONGODB_URL: mongo.through(options.mongoUrl),
        MONGODB_PREFIX: options.mongoPrefix,
        MASTER_KEY: TEST_MASTER_KEY,
        PAYMENT_TIMEOUT: "1",
        LEASE_TTL: "2",
      },
      ready: "working on",
      folder,
    });
  }

  static async of(name: string, shop: TestShop, folder: string): Promise<WorkerApart> {
    const { eventstoreUrl, mongoUrl } = shop.options;
    const stores = [["eventstore", eventstoreUrl] as const, ["mongo", mongoUrl] as const];
    const sight = { inspect: (_: Piece) => true };
    const proxies = stores.map(([store, url]) =>
      Proxy.to(url, {
        inspect: () => ({
          fromClient: (bytes) => sight.inspect({ store, from: "worker", bytes }),
          fromServer: (bytes) => sight.inspect({ store, from: "store", bytes }),
        }),
      }),
    );
    return new WorkerApart(name, sight, await Promise.all(proxies), shop, folder);
  }

  /** Who says from now on whether a piece goes on. */
  inspect(inspector: (piece: Piece) => boolean): void {
    this.sight.inspect = inspector;
  }

  start = (): Promise<void> => this.program.start();
  kill = (): Promise<void> => this.program.kill();
  stop = (): Promise<void> => this.program.stop();
  signal = (signal: NodeJS.Signals): void => this.program.signal(signal);

  get pid(): number | undefined {
    return this.program.pid;
  }

  async close(): Promise<void> {
    await this.kill();
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }
}

/** A shop in this process that does everything itself but what is left to `millrace work` processes. */
export class ShopApart {
  readonly folder = mkdtempSync(join(tmpdir(), "millrace-apart-"));
  private readonly received = new Map<string, number>();
  private readonly workers: WorkerApart[] = [];
  /** Who reads with this sees all articles. */
  private forSale = "";

  private constructor(readonly shop: TestShop) {}

  static async open(): Promise<ShopApart> {
    const works = contextsOf({ paymentTimeout: 1 }).flatMap(worksOf);
    const names = works.map(({ context, name }) => `${context}.${name}`);
    const shop = await startTestShop({ work: names.filter((name) => !NAMES.includes(name)) });
    const apart = new ShopApart(shop);
    const articles = [...IN_STOCK.map((sku) => ({ sku, stock: PLENTY })), { sku: SOLD_OUT, stock: 1 }];
    for (const { sku, stock } of articles) apart.received.set(sku, stock);
    apart.forSale = (await makeArticles(shop.admin, articles)).at(-1)?.token ?? "";
    return apart;
  }

  async worker(name: string): Promise<WorkerApart> {
    const worker = await WorkerApart.of(name, this.shop, this.folder);
    this.workers.push(worker);
    return worker;
  }

  /** @param keep the workers' logs, to look into */
  async close({ keep = false } = {}): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
    await this.shop.stop();
    if (keep) process.stderr.write(`logs are kept in ${this.folder}\n`);
    else rmSync(this.folder, { recursive: true, force: true });
  }

  /** Goods come in, and orders are placed that will be confirmed, declined, never answered and out of stock. */
  async trade(): Promise<void> {
    const { anyone } = this.shop;
    const [one = "", two = "", three = ""] = IN_STOCK;
    await Promise.all(IN_STOCK.map((sku) => this.receive(sku)));
    const orders = [
      { token: "tok_approve", items: [{ sku: one, quantity: 2 }, { sku: two, quantity: 1 }] },
      { token: "tok_decline", items: [{ sku: two, quantity: 3 }] },
      { token: "tok_hang", items: [{ sku: three, quantity: 1 }] },
      { token: "tok_approve", items: [{ sku: one, quantity: 1 }, { sku: SOLD_OUT, quantity: 2 }] },
    ]; // prettier-ignore
    await Promise.all(
      orders.map(async ({ token, items }) => {
        const { answer } = await buy(anyone, items, { token, wait: false, after: this.forSale });
        expectStatus(201, answer);
      }),
    );
  }

  /** The first confirmed orders are completed. */
  async complete(most: number): Promise<void> {
    const log = await this.log();
    const confirmed = log.ids("order").filter((id) => statusOf(log, id) === "confirmed");
    for (const id of confirmed.slice(0, most))
      expectStatus(200, await this.shop.admin.post(`/admin/v1/orders/${id}/complete`, {}));
  }

  async receive(sku: string): Promise<void> {
    expectStatus(200, await this.shop.admin.post(`/admin/v1/stock/main/${sku}/receipts`, { quantity: 1 }));
    this.received.set(sku, (this.received.get(sku) ?? 0) + 1);
  }

  /** So many pieces of each article, each for itself. */
  async receiveMany(pieces: number): Promise<void> {
    const entries = IN_STOCK.flatMap((sku) => Array.from({ length: pieces }, () => ({ sku, quantity: 1 })));
    expectStatus(200, await this.shop.admin.post("/admin/v1/bulk/stock", { entries }));
    for (const sku of IN_STOCK) this.received.set(sku, (this.received.get(sku) ?? 0) + pieces);
  }

  log(): Promise<LogFacts> {
    return LogFacts.read(this.shop.options.eventstoreUrl);
  }

  /** Whether the workers apart have nothing left to do, and have written that they have not. */
  async isDone(): Promise<boolean> {
    const log = await this.log();
    const open = log.ids("order").filter((id) => !ENDED.includes(statusOf(log, id)));
    if (open.length > 0 || this.unfinished(log).length > 0) return false;
    const { stores } = this.shop.engine;
    if ((await stores.collection(APART.process.context, "timers").countDocuments()) > 0) return false;
    const levels = await this.shop.engine.models
      .get<LevelDocument>(APART.model.context, APART.model.name)
      .collection.find()
      .toArray();
    return [...this.received.keys()].every((sku) => {
      const level = levels.find((each) => each.sku === sku);
      return level?.revision === log.of(`stock-main-${sku}`).length - 1;
    });
  }

  /** Positions that the workers apart have reached. */
  async positions(): Promise<ReadonlyMap<string, bigint>> {
    const found = await Promise.all(
      Object.values(APART).map(({ context }) =>
        this.shop.engine.stores.collection<{ _id: string; position: bigint }>(context, "checkpoints").find().toArray(),
      ),
    );
    return new Map(found.flat().map(({ _id, position }) => [_id, BigInt(position)]));
  }

  /** What is wrong once all is done, a sentence each: in the log, and in every read model beside it. */
  async faults(): Promise<string[]> {
    const log = await this.log();
    const { engine } = this.shop;
    const report = await verify({ ...auditedOf(contextsOf({ paymentTimeout: 1 })), log: engine.log, stores: engine.stores }); // prettier-ignore
    const parked = await engine.stores.collection(APART.process.context, "parked_processes").find().toArray();
    return [
      ...faultsOfStreams(log),
      ...log.ids("order").flatMap((id) => faultsOfPayment(log, { id })),
      ...[...this.received].flatMap(([sku, received]) => faultsOfStock(log, { sku, received })),
      ...this.unfinished(log),
      ...parked.map((document) => `a process is set aside: ${JSON.stringify(document)}`),
      ...(report.good ? [] : [JSON.stringify(report, null, 2)]),
    ];
  }

  /** Completed orders that are not shipped and paid yet. */
  private unfinished(log: LogFacts): string[] {
    return log
      .ids("order")
      .filter((id) => statusOf(log, id) === "completed")
      .flatMap((id) => faultsOfPayment(log, { id }));
  }
}
