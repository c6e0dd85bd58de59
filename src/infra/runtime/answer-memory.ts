import { MongoBulkWriteError } from "mongodb";
import { DomainError, type DomainErrorKind } from "../../domains/kernel";
import { isDuplicateKey, type MongoStores } from "../mongo";
import { isSameContent } from "./ids";
import { onceDone } from "./kept-for";
import { keyReused } from "./key-reused";
import { pause } from "./retry";

interface AnswerDocument {
  /** The command's id. */
  readonly _id: string;
  readonly hash: string;
  readonly error?: {
    readonly kind: DomainErrorKind;
    readonly code: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
  readonly idleAt?: number;
  /** Who asked, by what stands for them: their answers are forgotten with them. */
  readonly person?: string;
  readonly at: Date;
}

/** What is known of a command: what its key is used for, and how it was answered, where no events tell. */
type Known = Pick<AnswerDocument, "hash" | "error" | "idleAt">;

/** The command found nothing to change, with its aggregate at this revision (−1: there was none). */
export interface Idle {
  readonly idleAt: number;
}

/** Days that keys and answers are kept when nothing is set: as long as clients retry at most. */
const KEPT_DAYS = 1;
const DAY = 24 * 60 * 60;

/** ms that keys gather at most. */
const GATHERING = 25;

/** Codes of MongoDB: there is no such index, or one with other options; the login may not do that. */
const NO_INDEX = 27;
const OTHER_OPTIONS = 85;
const UNAUTHORIZED = 13;
const isCode = (error: unknown, code: number): boolean => (error as { readonly code?: unknown }).code === code;

/**
 * Remembers what each idempotency key is used for, so that it is used for nothing else, and how commands were answered
 * that left no events: those that were refused, and those that found nothing to change. What a command did can be read
 * from its events; without a memory the repeat of one that did nothing might do something, since others have written
 * meanwhile.
 */
export class AnswerMemory {
  /** Fails while the database is away, and is done the next time. */
  private readonly prepared = onceDone(() => this.prepare());
  /** Fingerprints by commands whose keys are to be kept. */
  private gathered = new Map<string, string>();
  private next: Promise<ReadonlyMap<string, Known>> | undefined;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly stores: MongoStores,
    /** In whose database. */
    private readonly context: string,
    /** How long keys and answers are kept. */
    private readonly keptDays = KEPT_DAYS,
  ) {}

  /**
   * Keeps what a key is used for, before it is, and tells the first answer; `undefined` when the command is new, its
   * process was ended before it answered, or its events tell. A refusal when the key was used for something else.
   */
  async recall(commandId: string, hash: string): Promise<DomainError | Idle | undefined> {
    return answerOf(await this.reservation(commandId, hash), hash);
  }

  /** Keeps the first answer: a later one does not replace it. */
  async remember(commandId: string, hash: string, answer: DomainError | Idle, person?: string): Promise<void> {
    const whose = person === undefined ? {} : { person };
    if (!(answer instanceof DomainError)) return this.keep(commandId, { hash, idleAt: answer.idleAt, ...whose });
    const { kind, code, message, details } = answer;
    await this.keep(commandId, { hash, error: { kind, code, message, details }, ...whose });
  }

  /** Drops what was answered to a person. */
  async forget(person: string): Promise<void> {
    await this.collection().deleteMany({ person });
  }

  /** Keeps what a key is used for, before it is; a refusal when it was used for something else. */
  async reserve(commandId: string, hash: string): Promise<DomainError | undefined> {
    const found = await this.reservation(commandId, hash);
    return found && !isSameContent(found.hash, hash) ? keyReused() : undefined;
  }

  /**
   * While keys are being written, others gather and are written together next: few writes, however many commands. One
   * that hangs, on a connection that has died, does not hold up the others.
   */
  private async reservation(commandId: string, hash: string): Promise<Known | undefined> {
    if (!this.gathered.has(commandId)) this.gathered.set(commandId, hash);
    this.next ??= Promise.race([this.writing.then(endOfTurn), pause(GATHERING)]).then(() => {
      const { gathered } = this;
      this.gathered = new Map();
      this.next = undefined;
      const written = this.writeKeys(gathered);
      this.writing = written.then(noMatter, noMatter);
      return written;
    });
    return (await this.next).get(commandId);
  }

  /** Answers what is known of the commands, once it is known what their keys are used for. */
  private async writeKeys(hashes: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Known>> {
    await this.prepared();
    const known = new Map<string, Known>([...hashes].map(([id, hash]) => [id, { hash }]));
    const at = new Date();
    const keys = [...hashes].map(([_id, hash]): AnswerDocument => ({ _id, hash, at }));
    const before = await this.insert(keys);
    if (before.length > 0)
      for await (const answer of this.collection().find({ _id: { $in: [...before] } })) known.set(answer._id, answer);
    return known;
  }

  /** Answers which of them were there before, their commands being repeated or another process faster. */
  private async insert(keys: readonly AnswerDocument[]): Promise<readonly string[]> {
    try {
      // Kept by one member: after a failover a key may be free again, which is no worse than not to have been kept.
      await this.collection().insertMany([...keys], { ordered: false, writeConcern: { w: 1 } });
      return [];
    } catch (error) {
      const failed = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
      if (failed.length === 0 || failed.some((each) => !isDuplicateKey(each))) throw error;
      return failed.flatMap(({ index }) => keys[index]?._id ?? []);
    }
  }

  private async keep(_id: string, { hash, ...answer }: Omit<AnswerDocument, "_id" | "at">): Promise<void> {
    await this.prepared();
    try {
      await this.collection().updateOne(
        { _id, error: { $exists: false }, idleAt: { $exists: false } },
        { $set: answer, $setOnInsert: { hash, at: new Date() } },
        { upsert: true, writeConcern: { w: "majority" } },
      );
    } catch (error) {
      if (!isDuplicateKey(error)) throw error; // the first answer stands
    }
  }

  private async prepare(): Promise<void> {
    const expireAfterSeconds = this.keptDays * DAY;
    const answers = this.collection();
    await answers.createIndex({ person: 1 }, { sparse: true });
    try {
      await answers.createIndex({ at: 1 }, { expireAfterSeconds });
    } catch (error) {
      if (!isCode(error, OTHER_OPTIONS)) throw error;
      await this.keepFor(expireAfterSeconds);
    }
  }

  /** They were kept for another time so far. */
  private async keepFor(expireAfterSeconds: number): Promise<void> {
    const answers = this.collection();
    const index = { keyPattern: { at: 1 }, expireAfterSeconds };
    try {
      await this.stores.database(this.context).command({ collMod: answers.collectionName, index });
    } catch (error) {
      if (!isCode(error, UNAUTHORIZED)) throw error;
      // A login that may read and write, and no more, may put another in its place.
      await answers.dropIndex("at_1").catch((gone: unknown) => {
        if (!isCode(gone, NO_INDEX)) throw gone; // another process is at it too
      });
      await answers.createIndex({ at: 1 }, { expireAfterSeconds });
    }
  }

  private collection() {
    return this.stores.collection<AnswerDocument>(this.context, "answers");
  }
}

function answerOf(known: Known | undefined, hash: string): DomainError | Idle | undefined {
  if (!known) return undefined;
  if (!isSameContent(known.hash, hash)) return keyReused();
  if (known.idleAt !== undefined) return { idleAt: known.idleAt };
  if (!known.error) return undefined;
  const { kind, code, message, details } = known.error;
  return new DomainError(kind, code, message, details);
}

/** What comes in within one turn of the event loop goes together. */
const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const noMatter = () => undefined;
