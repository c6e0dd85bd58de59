import { type KeyObject } from "node:crypto";
import { LRUCache } from "lru-cache";
import { Subject as Signal } from "rxjs";
import { type MongoStores } from "../mongo";
import { Gathered } from "./gathered";
import { KeyStore, type PersonKey } from "./key-store";
import { type MasterKeys } from "./master-key";
import { personText, type Subject } from "./sealed";

export interface PeopleOptions {
  /** Keys kept in memory. */
  readonly capacity?: number;
  /**
   * ms after which a key is read again. A forgetting is heard of through the log; this bounds how long a process that
   * is cut off from the log goes on with a key that is gone.
   */
  readonly ttl?: number;
}

/** Subjects known to be forgotten: a key that is gone never comes back. */
const KNOWN_FORGOTTEN = 100_000;
const KNOWN_TEXTS = 10_000;
/** Notes are gathered for so many ms before they are written; and so many after the database was away. */
const NOTE_GAP = 100;
const NOTE_RETRY = 2_000;
/** Keys that are made in one call to the database. */
const TOGETHER = 500;
/** How often a key is asked for while its person is being forgotten, and the time between, in ms. */
const TRIES = 50;
const PAUSE = 20;

/** A person's old key is on its way out, and no new one can be made yet. */
export class BeingForgotten extends Error {}

/** Whether keys could not be had for the moment, so that the same may succeed the next time. */
export const isKeysAway = (error: unknown): boolean =>
  error instanceof BeingForgotten || (error instanceof Error && error.name.startsWith("Mongo"));

interface Kept {
  readonly key: PersonKey;
  readonly until: number;
}

const fresh = (kept: Kept | undefined): PersonKey | undefined =>
  kept && kept.until > Date.now() ? kept.key : undefined;

/** The keys of people, as one process knows them. */
export class People {
  /** Somebody is forgotten: whatever is kept of them in the clear is to be dropped. */
  readonly forgotten$ = new Signal<Subject>();
  private readonly bySubject: LRUCache<Subject, Kept>;
  private readonly byPerson: LRUCache<string, Kept>;
  private readonly ttl: number;
  private readonly gone = new LRUCache<Subject, true>({ max: KNOWN_FORGOTTEN });
  private readonly texts = new LRUCache<string, true>({ max: KNOWN_TEXTS });
  private notes: (readonly [subject: Subject, text: string])[] = [];
  private noting: NodeJS.Timeout | undefined;
  /** Those before, written or failed. */
  private writing = Promise.resolve();
  private readonly making: Gathered<string, PersonKey>;
  private readonly lookingFor: Gathered<string, PersonKey>;
  private readonly reading: Gathered<Subject, PersonKey>;

  constructor(
    private readonly store: KeyStore,
    { capacity = 50_000, ttl = 60_000 }: PeopleOptions = {},
  ) {
    this.bySubject = new LRUCache({ max: capacity });
    this.byPerson = new LRUCache({ max: capacity });
    this.ttl = ttl;
    this.making = new Gathered((people) => store.make(people));
    this.lookingFor = new Gathered((people) => store.ofPeople(people));
    this.reading = new Gathered((subjects) => store.ofSubjects(subjects));
  }

  /** @throws MasterKeyMissing */
  static async open(stores: MongoStores, masters: MasterKeys, options?: PeopleOptions): Promise<People> {
    return new People(await KeyStore.open(stores, masters), options);
  }

  /** For fingerprints of what people have sent; the same in every process of the shop. */
  get fingerprintKey(): KeyObject {
    return this.store.fingerprintKey;
  }

  /** What is in memory; `null` where the person is known to be forgotten. */
  known(subject: Subject): PersonKey | null | undefined {
    const kept = fresh(this.bySubject.get(subject));
    if (kept) return kept;
    return this.gone.has(subject) ? null : undefined;
  }

  /** The key of a person; made now where there is none. */
  async keyOf(person: string): Promise<PersonKey> {
    const known = fresh(this.byPerson.get(person));
    if (known) return known;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const made = await this.making.get(person);
      const key = made && this.keep(made);
      if (key) return key;
      // The person is being forgotten: the old key is gone in a moment, and then they are somebody new.
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    throw new BeingForgotten("The person is just being forgotten; try again in a moment.");
  }

  /** Sees to it that all these people have keys, and that they are at hand, before many events of theirs are written. */
  async makeAll(people: readonly string[]): Promise<void> {
    for (let from = 0; from < people.length; from += TOGETHER) {
      const made = await this.store.make(people.slice(from, from + TOGETHER));
      for (const key of made.values()) this.keep(key);
    }
  }

  /** The key of a person who has one. */
  async find(person: string): Promise<PersonKey | undefined> {
    const found = fresh(this.byPerson.get(person)) ?? (await this.lookingFor.get(person));
    return found && this.keep(found);
  }

  /** The key of a subject; `undefined` when the person is forgotten. */
  async read(subject: Subject): Promise<PersonKey | undefined> {
    const known = this.known(subject);
    if (known !== undefined) return known ?? undefined;
    const found = await this.reading.get(subject);
    if (found) return this.keep(found);
    this.gone.set(subject, true);
    return undefined;
  }

  /** What stands for a person in read models: to look for them by. `undefined` when nothing does. */
  async textOf(person: string, forgotten: string | null): Promise<string | undefined> {
    const key = await this.find(person);
    return key && personText(key.subject, forgotten);
  }

  /** Lets a person be found by a text, a moment later: nothing waits for it. */
  note({ subject }: PersonKey, text: string): void {
    const known = `${subject} ${text}`;
    if (this.texts.has(known)) return;
    this.texts.set(known, true);
    this.notes.push([subject, text]);
    this.noting ??= setTimeout(() => void this.writeNotes().catch(() => undefined), NOTE_GAP).unref();
  }

  /** Makes durable what is still to be written. */
  async flush(): Promise<void> {
    await this.writeNotes();
  }

  /** The people who can be found by a text, such as an e-mail address. */
  async holding(text: string): Promise<readonly Subject[]> {
    await this.writeNotes();
    return this.store.holding(text);
  }

  /**
   * One write at a time: where the database is slow, what is noted meanwhile goes together into the next.
   * @throws when the database is away; what was not written is written the next time
   */
  private writeNotes(): Promise<void> {
    clearTimeout(this.noting);
    this.noting = undefined;
    const written = this.writing.then(() => this.writeGathered());
    this.writing = written.catch(() => undefined);
    return written;
  }

  private async writeGathered(): Promise<void> {
    const { notes } = this;
    if (notes.length === 0) return;
    this.notes = [];
    try {
      await this.store.note(notes);
    } catch (error) {
      this.notes.push(...notes);
      this.noting ??= setTimeout(() => void this.writeNotes().catch(() => undefined), NOTE_RETRY).unref();
      throw error;
    }
  }

  /** Destroys the key of a person. @returns whether there was one */
  async destroy(subject: Subject): Promise<boolean> {
    const destroyed = await this.store.destroy(subject);
    this.forgotten(subject);
    return destroyed;
  }

  /** A person was forgotten, here or by another process. */
  forgotten(subject: Subject): void {
    const known = this.bySubject.get(subject);
    this.gone.set(subject, true);
    this.bySubject.delete(subject);
    if (known) this.byPerson.delete(known.key.person);
    this.texts.clear();
    this.forgotten$.next(subject);
  }

  rewrap(): Promise<number> {
    return this.store.rewrap();
  }

  private keep(key: PersonKey): PersonKey | undefined {
    if (this.gone.has(key.subject)) {
      this.byPerson.delete(key.person);
      return undefined;
    }
    const kept = { key, until: Date.now() + this.ttl };
    this.bySubject.set(key.subject, kept);
    this.byPerson.set(key.person, kept);
    return key;
  }
}
