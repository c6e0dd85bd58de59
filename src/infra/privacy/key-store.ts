import { createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { Binary, type Collection } from "mongodb";
import { personValue } from "../../domains/kernel";
import { isDuplicateKey, type MongoStores } from "../mongo";
import { type MasterKeys, unwrap, wrap } from "./master-key";
import { newSubject, type Subject } from "./sealed";

/** The key of one person. */
export interface PersonKey {
  /** What stands for the person in the log and in read models. */
  readonly subject: Subject;
  /** The person's id. */
  readonly person: string;
  readonly key: KeyObject;
}

/** As it is stored: neither key nor id can be read without the master key. */
interface KeyDocument {
  readonly _id: Subject;
  /** Keyed hash of the person's id. */
  readonly person: string;
  /** Keyed hash of what the person is looked for by from the first, beside their id; earlier versions added all others. */
  readonly texts?: readonly string[];
  readonly masterKey: string;
  readonly wrapped: Binary;
}

/**
 * A text that a person can be found by. Not in the key's document, which would grow with everything that a person ever
 * wrote, and be what all that note something of one person wait for.
 */
interface TextDocument {
  /** Subject and keyed hash. */
  readonly _id: string;
  readonly text: string;
}

const CONTEXT = "keys";
const INDEX_KEY = "index-key";

/** The database of people's keys, `<prefix>_keys`. Nothing else touches it. */
export class KeyStore {
  /** For fingerprints of what people have sent; another one than that of the hashes here. */
  readonly fingerprintKey: KeyObject;

  private constructor(
    private readonly stores: MongoStores,
    private readonly masters: MasterKeys,
    private readonly indexKey: KeyObject,
  ) {
    this.fingerprintKey = createSecretKey(createHmac("sha256", indexKey).update("fingerprints").digest());
  }

  /** @throws MasterKeyMissing when the database was made with another master key */
  static async open(stores: MongoStores, masters: MasterKeys): Promise<KeyStore> {
    const settings = stores.collection<{ _id: string; masterKey: string; wrapped: Binary }>(CONTEXT, "settings");
    const fresh = wrap(randomBytes(32), INDEX_KEY, masters);
    const kept = await settings.findOneAndUpdate(
      { _id: INDEX_KEY },
      { $setOnInsert: { ...fresh, wrapped: new Binary(fresh.wrapped) } },
      { upsert: true, returnDocument: "after", writeConcern: { w: "majority" } },
    );
    if (!kept) throw new Error("the index key could not be kept");
    const secret = unwrap({ masterKey: kept.masterKey, wrapped: bytesOf(kept.wrapped) }, INDEX_KEY, masters);
    const store = new KeyStore(stores, masters, createSecretKey(secret));
    if (kept.masterKey !== masters.current.id) {
      const again = wrap(secret, INDEX_KEY, masters);
      await settings.updateOne(
        { _id: INDEX_KEY, masterKey: kept.masterKey },
        { $set: { ...again, wrapped: new Binary(again.wrapped) } },
      );
    }
    await store.keys().createIndex({ person: 1 }, { unique: true });
    await store.keys().createIndex({ texts: 1 }, { sparse: true });
    await store.texts().createIndex({ text: 1 });
    return store;
  }

  /** The keys of those people who have one, by person. */
  async ofPeople(people: readonly string[]): Promise<Map<string, PersonKey>> {
    const found = await this.read({ person: { $in: people.map((person) => this.hash("person", person)) } });
    return new Map(found.map((key) => [key.person, key]));
  }

  /** The keys that there are, by subject. */
  async ofSubjects(subjects: readonly Subject[]): Promise<Map<Subject, PersonKey>> {
    const found = await this.read({ _id: { $in: subjects } });
    return new Map(found.map((key) => [key.subject, key]));
  }

  /**
   * The keys of all these people; makes those that are missing. However many ask at once, a person gets one key. Most
   * who are asked for like this are new, so it is not looked before.
   */
  async make(people: readonly string[]): Promise<Map<string, PersonKey>> {
    const fresh = people.map((person) => this.newKey(person));
    try {
      await this.keys().insertMany(fresh.map((key) => this.stored(key)), { ordered: false }); // prettier-ignore
      return new Map(fresh.map((key) => [key.person, key]));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Some have one already.
      return this.ofPeople(people);
    }
  }

  /** Lets people be found by texts, and by none who is forgotten meanwhile. */
  async note(notes: readonly (readonly [subject: Subject, text: string])[]): Promise<void> {
    const found = notes.map(([subject, text]): TextDocument => {
      const hash = this.hash("text", normal(text));
      return { _id: `${subject} ${hash}`, text: hash };
    });
    // Should it be lost with the machine, the person is not found by it: not worth a wait.
    const options = { ordered: false, writeConcern: { w: 1, journal: false } };
    await this.texts()
      .insertMany(found, options)
      .catch((error: unknown) => {
        if (!isDuplicateKey(error)) throw error; // noted before
      });
    const subjects = [...new Set(notes.map(([subject]) => subject))];
    const known = new Set(await this.existing({ _id: { $in: subjects } }));
    await Promise.all(subjects.filter((subject) => !known.has(subject)).map((subject) => this.dropTexts(subject)));
  }

  /** The people who can be found by a text. */
  async holding(text: string): Promise<readonly Subject[]> {
    const hash = this.hash("text", normal(text));
    const noted = await this.texts()
      .find({ text: hash }, { projection: { _id: 1 } })
      .toArray();
    const subjects = noted.map(({ _id }) => _id.slice(0, _id.indexOf(" ")) as Subject);
    return this.existing({ $or: [{ texts: hash }, { person: this.hash("person", text) }, { _id: { $in: subjects } }] });
  }

  /**
   * Destroys a key, and then what its person was found by: who notes something looks for the key afterwards, so that
   * one of the two sees the other. May be repeated.
   * @returns whether there was a key
   */
  async destroy(subject: Subject): Promise<boolean> {
    const { deletedCount } = await this.keys().deleteOne({ _id: subject }, { writeConcern: { w: "majority" } });
    await this.dropTexts(subject);
    return deletedCount > 0;
  }

  /** Wraps every key by the present master key. @returns how many were not */
  async rewrap(): Promise<number> {
    let count = 0;
    for await (const document of this.keys().find({ masterKey: { $ne: this.masters.current.id } })) {
      await this.rewrapOne(document, this.unwrapped(document));
      count++;
    }
    return count;
  }

  private async existing(filter: object): Promise<readonly Subject[]> {
    const found = await this.keys()
      .find(filter, { projection: { _id: 1 } })
      .toArray();
    return found.map(({ _id }) => _id);
  }

  private async dropTexts(subject: Subject): Promise<void> {
    await this.texts().deleteMany({ _id: { $gte: `${subject} `, $lt: `${subject}!` } });
  }

  private async read(filter: object): Promise<readonly PersonKey[]> {
    const found = await this.keys().find(filter).toArray();
    return found.map((document) => {
      const secret = this.unwrapped(document);
      if (document.masterKey !== this.masters.current.id) void this.rewrapOne(document, secret).catch(() => undefined); // the next reader does it
      return parsed(document._id, secret);
    });
  }

  private unwrapped({ _id, masterKey, wrapped }: KeyDocument): Buffer {
    return unwrap({ masterKey, wrapped: bytesOf(wrapped) }, _id, this.masters);
  }

  private async rewrapOne({ _id, masterKey }: KeyDocument, secret: Buffer): Promise<void> {
    const again = wrap(secret, _id, this.masters);
    await this.keys().updateOne({ _id, masterKey }, { $set: { ...again, wrapped: new Binary(again.wrapped) } });
  }

  private newKey(person: string): PersonKey {
    return { subject: newSubject(), person, key: createSecretKey(randomBytes(32)) };
  }

  private stored({ subject, person, key }: PersonKey): KeyDocument {
    const { masterKey, wrapped } = wrap(Buffer.concat([key.export(), Buffer.from(person)]), subject, this.masters);
    return {
      _id: subject,
      person: this.hash("person", person),
      // An id without a scope is found as it is.
      ...(personValue(person) !== person && { texts: [this.hash("text", normal(personValue(person)))] }),
      masterKey,
      wrapped: new Binary(wrapped),
    };
  }

  private hash(kind: "person" | "text", value: string): string {
    return createHmac("sha256", this.indexKey).update(`${kind}\n${value}`).digest("base64url");
  }

  private keys(): Collection<KeyDocument> {
    return this.stores.collection<KeyDocument>(CONTEXT, "people");
  }

  private texts(): Collection<TextDocument> {
    return this.stores.collection<TextDocument>(CONTEXT, "texts");
  }
}

/** As people write it when they look for somebody. */
const normal = (text: string): string => text.trim().toLowerCase();

const bytesOf = ({ buffer, position }: Binary): Buffer => Buffer.from(buffer.subarray(0, position));

const parsed = (subject: Subject, secret: Buffer): PersonKey => ({
  subject,
  key: createSecretKey(secret.subarray(0, 32)),
  person: secret.toString("utf8", 32),
});
