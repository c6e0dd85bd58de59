import { DomainError, type DomainErrorKind } from "../../domains/kernel";
import { type MongoStores } from "../mongo";

interface RefusalDocument {
  /** The command's id. */
  readonly _id: string;
  readonly hash: string;
  readonly error: {
    readonly kind: DomainErrorKind;
    readonly code: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
  readonly at: Date;
}

/** Refusals are remembered for this long, in seconds: a day, as long as clients retry at most. */
const KEPT_SECONDS = 24 * 60 * 60;

/**
 * Remembers why a command with an idempotency key was refused. What a command did can be read from its events; a
 * refusal leaves none, and without a memory the retry might succeed where the first try had failed.
 */
export class Refusals {
  private indexed: Promise<unknown> | undefined;

  constructor(private readonly stores: MongoStores) {}

  /** The first answer, if the command was refused before. */
  async recall(commandId: string, hash: string): Promise<DomainError | undefined> {
    const found = await this.collection().findOne({ _id: commandId });
    if (!found) return undefined;
    if (found.hash !== hash)
      return new DomainError(
        "invalid",
        "idempotency-key-reused",
        "This idempotency key was used for a command with other content. Use a new key for a new command.",
      );
    const { kind, code, message, details } = found.error;
    return new DomainError(kind, code, message, details);
  }

  /** Keeps the first refusal; answers the one that is kept. */
  async remember(commandId: string, hash: string, error: DomainError): Promise<void> {
    this.indexed ??= this.collection().createIndex({ at: 1 }, { expireAfterSeconds: KEPT_SECONDS });
    await this.indexed;
    const { kind, code, message, details } = error;
    await this.collection().updateOne(
      { _id: commandId },
      { $setOnInsert: { hash, error: { kind, code, message, details }, at: new Date() } },
      { upsert: true, writeConcern: { w: "majority" } },
    );
  }

  private collection() {
    return this.stores.collection<RefusalDocument>("operations", "refusals");
  }
}
