import { LRUCache } from "lru-cache";
import { type Collection } from "mongodb";
import { BehaviorSubject, filter, firstValueFrom, map, race, Subject, timer } from "rxjs";
import { type Document } from "../../domains/kernel";
import { type MongoStores } from "../mongo";

/** What changed in a read model; `ids` is undefined when everything may have (a new version took over). */
export interface Change {
  readonly ids: readonly string[] | undefined;
  readonly position: bigint;
}

/** Opens what is sealed in a value. */
export type Open = <T>(value: T) => T | Promise<T>;

/** How long a document that is not in memory is waited for before it is looked for, in ms. */
const FIRST_LOOK = 100;
/** Documents kept in memory per read model; each is forgotten when it changes. */
const KEPT_DOCUMENTS = 10_000;

/**
 * A read model as its readers see it: which collection serves now, how far it has got, and what changes in it. Fed by
 * the worker in this process, or by change streams where the worker runs elsewhere.
 */
export class ReadModel<D extends Document = Document> {
  readonly position$ = new BehaviorSubject<bigint>(-1n);
  readonly changes$ = new Subject<Change>();
  /** Rises with every change: an answer made under an older generation may be stale. */
  generation = 0;
  private readonly documents = new LRUCache<string, { readonly document: D | undefined }>({ max: KEPT_DOCUMENTS });
  private readonly waiting = new Map<string, Set<() => void>>();
  private target: string | undefined;
  /** How far each partition is. */
  private reached: bigint[] = [-1n];
  private hurry: () => () => void = () => () => undefined;

  constructor(
    private readonly stores: MongoStores,
    readonly context: string,
    readonly name: string,
    /** Opens the personal data that documents hold, which is stored sealed. */
    private readonly open: Open | undefined = undefined,
  ) {}

  /** The collection that serves now. What is read from it past `get` has its personal data sealed: see `opened`. */
  get collection(): Collection<D> {
    return this.stores.collection<D>(this.context, this.target ?? `${this.name}_v1`);
  }

  /** The number of partitions that write it. */
  get partitions(): number {
    return this.reached.length;
  }

  get ready(): boolean {
    return this.target !== undefined;
  }

  get position(): bigint {
    return this.position$.value;
  }

  /**
   * One document by its id, from memory when it has not changed since it was read. The same object is answered as long
   * as the document is the same, so that what is derived from it can be kept beside it; one with personal data is opened
   * anew each time, and kept nowhere.
   */
  async get(id: string): Promise<D | undefined> {
    const document = await this.stored(id);
    return document && this.open ? this.open(document) : document;
  }

  /** Documents, or parts of them, with the personal data in them opened. */
  async opened<T>(values: readonly T[]): Promise<readonly T[]> {
    const { open } = this;
    return open ? Promise.all(values.map((value) => open(value))) : values;
  }

  private async stored(id: string): Promise<D | undefined> {
    const kept = this.documents.get(id);
    if (kept) return kept.document;
    const { generation } = this;
    const document = ((await this.collection.findOne({ _id: id } as never)) ?? undefined) as D | undefined;
    // A change that came in meanwhile may not be in what was read.
    if (generation === this.generation) this.documents.set(id, { document });
    return document;
  }

  /**
   * Waits until everything up to the position can be read.
   * @returns false when it took longer than `timeout` ms
   */
  async waitFor(position: bigint, timeout: number): Promise<boolean> {
    if (this.position >= position) return true;
    const release = this.hurry();
    try {
      return await firstValueFrom(
        race(
          this.position$.pipe(
            filter((reached) => reached >= position),
            map(() => true),
          ),
          timer(timeout).pipe(map(() => false)),
        ),
        { defaultValue: false },
      );
    } finally {
      release();
    }
  }

  /**
   * Waits until the document is as the caller wants it, who sees it with its personal data sealed.
   * @returns the document, or what it is after `timeout` ms
   */
  async until(id: string, wanted: (document: D | undefined) => boolean, timeout: number): Promise<D | undefined> {
    const release = this.hurry();
    const deadline = Date.now() + timeout;
    try {
      for (let look = false; ; look = true) {
        const left = deadline - Date.now();
        // A document that is being made comes by itself; only one that does not is looked for in the database.
        const atHand = look || this.documents.has(id);
        const changed = this.nextChange(id, atHand ? left : Math.min(left, FIRST_LOOK));
        if (atHand || left <= 0) {
          const document = await this.stored(id);
          if (wanted(document) || left <= 0) {
            changed.cancel();
            return document && this.open ? await this.open(document) : document;
          }
        }
        await changed.promise;
      }
    } finally {
      release();
    }
  }

  /** For the worker: another collection serves from now on, or it is divided otherwise. */
  serve(target: string, partitions = 1, hurry?: () => () => void): void {
    this.target = target;
    this.reached = Array.from({ length: partitions }, () => -1n);
    if (hurry) this.hurry = hurry;
    this.changed(undefined, this.position);
  }

  /** For the worker in this process: what the documents are from now on, so that nobody needs to fetch them. */
  committed(documents: ReadonlyMap<string, D | undefined>, position: bigint): void {
    this.generation++;
    for (const [id, document] of documents) this.documents.set(id, { document });
    this.tell([...documents.keys()], position);
  }

  /** For the watcher of other processes: documents changed. Readers are told before they learn the new position. */
  changed(ids: readonly string[] | undefined, position: bigint): void {
    this.generation++;
    if (ids) for (const id of ids) this.documents.delete(id);
    else this.documents.clear();
    this.tell(ids, position);
  }

  /** A person is forgotten: whatever was made of the documents may show their data. */
  forget(): void {
    if (this.open) this.changed(undefined, this.position);
  }

  /** For the worker: of this partition's documents, everything up to the position can be read. */
  moved(position: bigint, partition = 0): void {
    const { reached } = this;
    if (position <= (reached[partition] ?? position)) return;
    reached[partition] = position;
    const least = reached.length === 1 ? position : reached.reduce((a, b) => (a < b ? a : b));
    if (least > this.position) this.position$.next(least);
  }

  private tell(ids: readonly string[] | undefined, position: bigint): void {
    if (this.waiting.size > 0)
      for (const id of ids ?? [...this.waiting.keys()]) for (const wake of this.waiting.get(id) ?? []) wake();
    this.changes$.next({ ids, position });
  }

  private nextChange(id: string, timeout: number): { readonly promise: Promise<void>; cancel(): void } {
    let cancel: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => {
      const wakers = this.waiting.get(id) ?? new Set<() => void>();
      const timer = setTimeout(() => cancel(), Math.max(0, timeout));
      cancel = () => {
        clearTimeout(timer);
        wakers.delete(cancel);
        if (wakers.size === 0) this.waiting.delete(id);
        resolve();
      };
      wakers.add(cancel);
      this.waiting.set(id, wakers);
    });
    return { promise, cancel: () => cancel() };
  }
}

/** All read models that this process reads or writes. */
export class ReadModels {
  private readonly models = new Map<string, ReadModel>();

  constructor(
    private readonly stores: MongoStores,
    /** Opens personal data, where the read model of that name holds any. */
    private readonly openOf: (fullName: string) => Open | undefined = () => undefined,
  ) {}

  get<D extends Document>(context: string, name: string): ReadModel<D> {
    const key = `${context}.${name}`;
    let model = this.models.get(key);
    if (!model) this.models.set(key, (model = new ReadModel(this.stores, context, name, this.openOf(key))));
    return model as unknown as ReadModel<D>;
  }

  all(): readonly ReadModel[] {
    return [...this.models.values()];
  }
}
