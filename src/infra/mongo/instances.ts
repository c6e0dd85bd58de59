import { hostname } from "node:os";
import { type Collection } from "mongodb";
import { newId } from "../runtime/ids";
import { type MongoStores } from "./stores";

/** What a process is: the whole shop, some APIs, some work, or what stands in front of others. */
export type InstanceRole = "start" | "serve" | "work" | "gateway";

/** A process of the shop, as it says of itself. */
export interface InstanceDocument {
  readonly _id: string;
  /** What gateways may send here; none where it is not to be sent anything. */
  readonly services: readonly string[];
  /** Absent where a version before this one wrote it: it only knew `serve`. */
  readonly role?: InstanceRole;
  /** What it was told to serve or to work on. */
  readonly parts?: readonly string[];
  /** Where it can be reached: `http://10.0.0.7:8080`. */
  readonly url: string;
  readonly zone: string | null;
  readonly weight: number;
  readonly state: "serving" | "draining";
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: Date;
  /** Without another heartbeat it is gone from then on. */
  readonly expiresAt: Date;
}

/** What an instance says of itself when it registers. */
export type NewInstance = Pick<InstanceDocument, "services" | "url" | "weight" | "version" | "role" | "parts"> & {
  readonly zone?: string | undefined;
};

/** How often an instance says that it is there, and after what time without a word it is gone, in ms. */
export const HEARTBEAT = 1_000;
const LIFETIME = 4_000;

/** Documents of instances long gone are removed by the database after so many seconds. */
const FORGOTTEN = 3_600;

const COLLECTION = "instances";
const collectionOf = (stores: MongoStores): Collection<InstanceDocument> =>
  stores.collection<InstanceDocument>("operations", COLLECTION);

/** The instances that are there now. Time is the database's, so clocks need not agree. */
export const registeredInstances = (stores: MongoStores): Promise<readonly InstanceDocument[]> =>
  collectionOf(stores)
    .find({ $expr: { $gt: ["$expiresAt", "$$NOW"] } })
    .sort({ _id: 1 })
    .toArray();

/** An instance as the register has it. */
export interface SeenInstance extends InstanceDocument {
  /** It still says that it is there. */
  readonly alive: boolean;
}

/** All that are there, and those of the last hour that went without a word. Who stopped in order is left out. */
export const seenInstances = (stores: MongoStores): Promise<readonly SeenInstance[]> =>
  collectionOf(stores)
    .aggregate<SeenInstance>([
      { $set: { alive: { $gt: ["$expiresAt", "$$NOW"] } } },
      { $match: { $or: [{ alive: true }, { state: "serving" }] } },
      { $sort: { role: 1, parts: 1, startedAt: 1 } },
    ])
    .toArray();

/** One instance's entry, kept alive by its heartbeats. */
export class Registration {
  readonly id = newId();
  private timer: NodeJS.Timeout | undefined;
  private state: InstanceDocument["state"] = "serving";
  private beating: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly stores: MongoStores,
    private readonly instance: NewInstance,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Registers and keeps saying so. @throws when the database does not take it */
  static async begin(
    stores: MongoStores,
    instance: NewInstance,
    failed: (error: unknown) => void = () => undefined,
  ): Promise<Registration> {
    const registration = new Registration(stores, instance, failed);
    await collectionOf(stores).createIndex({ expiresAt: 1 }, { expireAfterSeconds: FORGOTTEN });
    await registration.beat();
    registration.timer = setInterval(() => {
      registration.beating = registration.beat().catch(failed);
    }, HEARTBEAT).unref();
    return registration;
  }

  /** Nothing new is to be sent here; what is under way goes on. */
  async drain(): Promise<void> {
    this.state = "draining";
    await this.beating;
    await this.beat().catch(this.failed);
  }

  /** It is gone. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
    await collectionOf(this.stores)
      .updateOne({ _id: this.id }, { $set: { state: "draining", expiresAt: new Date(0) } })
      .catch(this.failed);
  }

  private async beat(): Promise<void> {
    const { services, url, weight, version, zone = null, role = "serve", parts = services } = this.instance;
    const said = { services, role, parts, url, weight, version, zone };
    const own = { ...said, state: this.state, host: hostname(), pid: process.pid };
    await collectionOf(this.stores).updateOne(
      { _id: this.id },
      [
        {
          $set: {
            ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { $literal: value }])),
            startedAt: { $ifNull: ["$startedAt", "$$NOW"] },
            expiresAt: { $add: ["$$NOW", LIFETIME] },
          },
        },
      ],
      { upsert: true },
    );
  }
}
