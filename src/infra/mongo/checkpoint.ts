import { type Binary, type ClientSession } from "mongodb";
import { isDuplicateKey } from "./duplicate-key";
import { type MongoStores } from "./stores";
import { inTransaction } from "./transaction";

export interface CheckpointDocument {
  readonly _id: string;
  readonly position: bigint;
  readonly token: number;
  /** The session in which the holder has its transactions. */
  readonly session?: Binary;
}

/** Another worker has taken over; nothing was written. */
export class Fenced extends Error {
  constructor(name: string) {
    super(`another worker has taken over ${name}`);
    this.name = "Fenced";
  }
}

/**
 * How far one consumer of the log has got, guarded by the fencing token of its lease. What a position stands for is
 * written together with it.
 */
export class Checkpoint {
  private token = -1;
  /** The newest position that was written, and must still be there. */
  private written = -1n;
  private session: ClientSession | undefined;
  /** A transaction of the session was given up, and may be open still. */
  private mayBeOpen = false;

  constructor(
    private readonly stores: MongoStores,
    private readonly context: string,
    private readonly name: string,
  ) {}

  /**
   * Shuts out every holder of an older token and answers the position reached (−1: nothing yet).
   * @throws Fenced by a newer one
   */
  async claim(token: number): Promise<bigint> {
    await this.endTransactionOfHolder();
    await this.release();
    const session = this.stores.startSession(this.context);
    this.session = session;
    try {
      const claimed = await this.documents().findOneAndUpdate(
        { _id: this.name, token: { $lt: token } },
        { $set: { token, ...(session.id && { session: session.id.id }) }, $setOnInsert: { position: -1n } },
        { upsert: true, returnDocument: "after" },
      );
      if (!claimed) throw new Fenced(this.name);
      this.token = token;
      this.written = BigInt(claimed.position);
      return this.written;
    } catch (error) {
      // It is there, under a token that is not older.
      if (isDuplicateKey(error)) throw new Fenced(this.name);
      throw error;
    }
  }

  /** Moves on where there is nothing else to write. @throws Fenced */
  async advance(position: bigint): Promise<void> {
    await this.move(position);
    if (position > this.written) this.written = position;
  }

  /**
   * Moves on and writes what the position stands for, in one transaction: the position last, so that whoever follows
   * the changes hears of it when it has heard of all else.
   * @throws Fenced
   */
  async commit(position: bigint, write: (session: ClientSession) => Promise<unknown>): Promise<void> {
    const { session } = this;
    if (!session) throw new Fenced(this.name);
    try {
      await inTransaction(session, async () => {
        await write(session);
        await this.move(position, session);
      });
    } catch (error) {
      this.mayBeOpen = true;
      throw error;
    }
    if (position > this.written) this.written = position;
  }

  /**
   * This process no longer does the work. Its session goes back to the driver, which uses it for anything: it must not
   * be the one any more that the next holder ends. A transaction that may be open is ended here, as it would keep
   * everybody from what it has written; where the database is away it is left to the next holder.
   */
  async release(): Promise<void> {
    const { session, mayBeOpen } = this;
    if (!session) return;
    this.session = undefined;
    this.mayBeOpen = false;
    if (mayBeOpen && session.id && !(await this.endTransactionOf(session.id.id))) return;
    await this.documents()
      .updateOne({ _id: this.name, token: this.token }, { $unset: { session: "" } })
      .catch(() => undefined); // the database is away
    await session.endSession();
  }

  /**
   * A position older than the one written last means that the database has lost it: then it is to be claimed anew.
   * It never moves back: a write that was cut off and is sent again may come after newer ones.
   */
  private async move(position: bigint, session?: ClientSession): Promise<void> {
    const result = await this.documents().updateOne(
      { _id: this.name, token: this.token, position: { $gte: this.written } },
      { $max: { position } },
      session ? { session } : {},
    );
    if (result.matchedCount === 0) throw new Fenced(this.name);
  }

  /**
   * A process that is killed leaves its transaction open, and the database keeps that for a minute, and everybody from
   * the documents in it.
   */
  private async endTransactionOfHolder(): Promise<void> {
    const held = await this.documents().findOne({ _id: this.name });
    // Where that is not allowed, the minute has to be waited for.
    if (held?.session) await this.endTransactionOf(held.session);
  }

  /** @returns whether the database has done it */
  private async endTransactionOf(session: Binary): Promise<boolean> {
    try {
      await this.stores.database(this.context).command({ killSessions: [{ id: session }] });
      return true;
    } catch {
      return false;
    }
  }

  private documents() {
    return this.stores.collection<CheckpointDocument>(this.context, "checkpoints");
  }
}
