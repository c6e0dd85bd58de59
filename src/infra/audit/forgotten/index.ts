import { type EventCatalogue } from "../../../domains/kernel";
import { type EventLog, logPages } from "../../eventstore";
import { type MongoStores } from "../../mongo";
import { type MasterKeys, People } from "../../privacy";
import { filesAt, findInFile } from "./files";
import { findIn, needlesOf } from "./needles";

export interface ForgottenOptions {
  readonly catalogue: EventCatalogue;
  readonly log: EventLog;
  readonly stores: MongoStores;
  /** To see whether there is still a key; not looked at when absent. */
  readonly masterKeys: MasterKeys | undefined;
  /** Under which the person was forgotten. */
  readonly id: string;
  /** What is known of the person otherwise: an e-mail address, a name. */
  readonly values: readonly string[];
  /** Files, and folders with all beneath them. */
  readonly paths: readonly string[];
  readonly signal?: AbortSignal;
}

/** Something of a person that is still there. It is not told itself. */
export interface Remnant {
  readonly kind: "key" | "event" | "document" | "file";
  readonly place: string;
  /** `the id`, or `value <n>` in the order given. */
  readonly what: string;
}

export interface ForgottenReport {
  readonly good: boolean;
  /** What was looked through. */
  readonly looked: { readonly keys: boolean; readonly events: number; readonly documents: number; readonly files: number }; // prettier-ignore
  readonly found: number;
  /** The first of each kind, at most. */
  readonly first: readonly Remnant[];
}

/** Findings of a kind that are told. */
const TOLD = 5;

/**
 * Looks for a person who is forgotten: for their key, and in every event, every document of every database of the shop
 * (old versions of read models, remembered answers and all), and in files, for their id and whatever else is known of
 * them. Writes nothing.
 */
export async function verifyForgotten(options: ForgottenOptions): Promise<ForgottenReport> {
  const search = new Search(options);
  await search.keys();
  await search.log();
  await search.databases();
  await search.files();
  return search.report();
}

class Search {
  private readonly needles;
  private readonly counts = { keys: false, events: 0, documents: 0, files: 0 };
  private readonly remnants: Remnant[] = [];
  private found = 0;

  constructor(private readonly options: ForgottenOptions) {
    this.needles = needlesOf(options.id, options.values, options.catalogue);
  }

  async keys(): Promise<void> {
    const { stores, masterKeys, id } = this.options;
    if (!masterKeys) return;
    this.counts.keys = true;
    // Where nobody has a key yet there is nothing to open.
    if ((await stores.database("keys").collection("people").estimatedDocumentCount()) === 0) return;
    const key = await (await People.open(stores, masterKeys)).find(id);
    if (key) this.note({ kind: "key", place: `the key ${key.subject}`, what: "the id" });
  }

  async log(): Promise<void> {
    const { log, signal } = this.options;
    for await (const page of logPages(log, signal ? { signal } : {}))
      for (const { type, stream, revision, stored, id } of page) {
        this.counts.events++;
        const hit = findIn({ stream, id, ...stored }, this.needles);
        if (hit) this.note({ kind: "event", place: `${type} at ${stream}@${revision}, ${hit.path}`, what: hit.needle });
      }
  }

  async databases(): Promise<void> {
    const { stores, signal } = this.options;
    const { databases } = await stores.client
      .db("admin")
      .admin()
      .listDatabases({ nameOnly: true, authorizedDatabases: true });
    for (const { name } of databases) {
      if (!name.startsWith(`${stores.prefix}_`)) continue;
      const database = stores.client.db(name);
      for (const collection of await database.listCollections({ type: "collection" }, { nameOnly: true }).toArray())
        for await (const document of database.collection(collection.name).find({}, { batchSize: 500 })) {
          signal?.throwIfAborted();
          this.counts.documents++;
          const hit = findIn(document, this.needles);
          if (hit) this.note({ kind: "document", place: `${name}.${collection.name}, ${hit.path}`, what: hit.needle });
        }
    }
  }

  async files(): Promise<void> {
    for (const path of this.options.paths)
      for await (const file of filesAt(path)) {
        this.options.signal?.throwIfAborted();
        this.counts.files++;
        const hit = await findInFile(file, this.needles, this.options.values);
        if (hit) this.note({ kind: "file", place: `${file}, byte ${hit.offset}`, what: hit.needle });
      }
  }

  report(): ForgottenReport {
    return { good: this.found === 0, looked: this.counts, found: this.found, first: this.remnants };
  }

  private note(remnant: Remnant): void {
    this.found++;
    if (this.remnants.filter(({ kind }) => kind === remnant.kind).length < TOLD) this.remnants.push(remnant);
  }
}
