import { DomainError, type DomainErrorKind } from "../../domains/kernel";
import { type MongoStores } from "../mongo";
import { isSameContent } from "./ids";

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

/** The command found nothing to change, with its aggregate at this revision (−1: there was none). */
export interface Idle {
  readonly idleAt: number;
}

/** Answers are remembered for this long, in seconds: a day, as long as clients retry at most. */
const KEPT_SECONDS = 24 * 60 * 60;

/**
 * Remembers how commands with an idempotency key were answered that left no events: those that were refused, and those
 * that found nothing to change. What a command did can be read from its events; without a memory the repeat of one
 * that did nothing might do something, since others have written meanwhile.
 */
export class AnswerMemory {
  private indexed: Promise<unknown> | undefined;
  private readonly wanted = new Set<string>();
  private looking: Promise<ReadonlyMap<string, AnswerDocument>> | undefined;

  constructor(
    private readonly stores: MongoStores,
    /** In whose database. */
    private readonly context: string,
  ) {}

  /** The first answer; `undefined` when the command is new, or its events tell. A refusal when its content was another. */
  async recall(commandId: string, hash: string): Promise<DomainError | Idle | undefined> {
    const found = await this.lookUp(commandId);
    if (!found) return undefined;
    if (!isSameContent(found.hash, hash)) return keyReused();
    if (found.idleAt !== undefined) return { idleAt: found.idleAt };
    if (!found.error) return undefined;
    const { kind, code, message, details } = found.error;
    return new DomainError(kind, code, message, details);
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

  /** Keeps what a key is used for, before it is; a refusal when it has been used for something else. */
  async reserve(commandId: string, hash: string): Promise<DomainError | undefined> {
    await this.keep(commandId, { hash });
    const found = await this.collection().findOne({ _id: commandId });
    return found && !isSameContent(found.hash, hash) ? keyReused() : undefined;
  }

  /** What is asked for within one turn of the event loop is looked up together. */
  private async lookUp(commandId: string): Promise<AnswerDocument | undefined> {
    this.wanted.add(commandId);
    this.looking ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        const ids = [...this.wanted];
        this.wanted.clear();
        this.looking = undefined;
        this.collection()
          .find({ _id: { $in: ids } })
          .toArray()
          .then((found) => resolve(new Map(found.map((answer) => [answer._id, answer]))), reject);
      });
    });
    return (await this.looking).get(commandId);
  }

  private async keep(_id: string, answer: Omit<AnswerDocument, "_id" | "at">): Promise<void> {
    this.indexed ??= this.collection().createIndexes([
      { key: { at: 1 }, expireAfterSeconds: KEPT_SECONDS },
      { key: { person: 1 }, sparse: true },
    ]);
    try {
      await this.indexed;
    } catch (error) {
      this.indexed = undefined; // a database that was away then is asked again
      throw error;
    }
    await this.collection().updateOne(
      { _id },
      { $setOnInsert: { ...answer, at: new Date() } },
      { upsert: true, writeConcern: { w: "majority" } },
    );
  }

  private collection() {
    return this.stores.collection<AnswerDocument>(this.context, "answers");
  }
}

const keyReused = () =>
  new DomainError(
    "invalid",
    "idempotency-key-reused",
    "This idempotency key was used for a command with other content. Use a new key for a new command.",
  );
