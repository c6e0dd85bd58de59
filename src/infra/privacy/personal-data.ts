import {
  type EventCatalogue,
  type EventMetadata,
  NOBODY,
  personalShape,
  type PersonalShape,
  type Recorded,
  streamCategory,
} from "../../domains/kernel";
import { type PersonKey } from "./key-store";
import { type People } from "./people";
import { personIn, saysAnything, sealData } from "./seal";
import { personText, type Place, type Subject } from "./sealed";
import { subjectsIn, unseal } from "./unseal";

/** An event as its writer has it. */
export interface Writable {
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

/** Whom events are about, as far as their writer knows. */
export interface Whom {
  /** Whose the stream is already: it stays theirs. */
  readonly stream?: Subject | undefined;
  /** Whose the event is that led to these. */
  readonly cause?: Subject | undefined;
}

export interface SealedEvents<E> {
  readonly events: readonly E[];
  /** Whose the stream is. */
  readonly person: Subject | undefined;
}

interface Found {
  readonly subject: Subject;
  /** `null`: the person is forgotten. */
  readonly key: PersonKey | null;
}

const SHOPPER = "shopper:";
const NO_KEYS = "this process has no master key, and so no keys of people. Set MASTER_KEY.";

/** Seals the personal data of events on their way into the log, and opens what was sealed. */
export class PersonalData {
  private readonly shapes = new Map<string, PersonalShape>();
  private readonly categories = new Set<string>();

  constructor(
    catalogue: EventCatalogue,
    /** Without it nothing personal can be written, and what is sealed stays sealed. */
    readonly people?: People,
  ) {
    for (const [type, { schema, category }] of Object.entries(catalogue)) {
      const shape = personalShape(schema);
      if (!shape) continue;
      this.shapes.set(type, shape);
      this.categories.add(category);
    }
  }

  /** Whether an event type holds personal data. */
  isPersonal(type: string): boolean {
    return this.shapes.has(type);
  }

  /** The events as they are to be stored in a stream. Each is sealed anew each time. */
  seal<E extends Writable>(
    stream: string,
    events: readonly E[],
    whom: Whom,
  ): SealedEvents<E> | Promise<SealedEvents<E>> {
    if (!this.categories.has(streamCategory(stream))) return { events, person: undefined };
    // Most streams have a person, and their key is at hand.
    const known = whom.stream === undefined ? undefined : this.people?.known(whom.stream);
    if (whom.stream !== undefined && known !== undefined)
      return this.sealedWith(stream, events, { subject: whom.stream, key: known });
    return this.keyFor(stream, events, whom).then((found) =>
      found ? this.sealedWith(stream, events, found) : { events, person: whom.stream },
    );
  }

  private sealedWith<E extends Writable>(stream: string, events: readonly E[], found: Found): SealedEvents<E> {
    const { subject, key } = found;
    const findable: string[] = [];
    const sealing = { key, findable: (text: string) => findable.push(text) };
    const sealed = events.map((event): E => {
      const shape = this.shapes.get(event.type);
      const at: Place = { stream, type: event.type, path: "" };
      const metadata = { ...event.metadata, actor: actorOf(event.metadata.actor, key), person: subject };
      return { ...event, metadata, ...(shape && { data: sealData(event.data, shape, sealing, at) }) };
    });
    if (key) for (const text of findable) this.people?.note(key, text);
    return { events: sealed, person: subject };
  }

  /** The event with what is sealed in it opened; what has no key reads as forgotten. @throws SealBroken */
  open<E extends Recorded>(event: E): E | Promise<E> {
    if (event.metadata.person === undefined) return event;
    const { data, metadata } = event;
    const shopper = metadata.actor.startsWith(SHOPPER) ? metadata.actor.slice(SHOPPER.length) : undefined;
    if (!this.people && subjectsIn([data, shopper]).size > 0)
      throw new Error(`Personal data of ${event.stream} cannot be read here: ${NO_KEYS}`);
    return this.opened([data, shopper], (keyOf) => {
      const at: Place = { stream: event.stream, type: event.type, path: "" };
      const actor = shopper === undefined ? metadata.actor : SHOPPER + String(unseal(shopper, keyOf));
      return { ...event, data: unseal(data, keyOf, at), metadata: { ...metadata, actor } };
    });
  }

  /** Any JSON with what is sealed in it opened, wherever it was copied from an event. */
  openValue<T>(value: T): T | Promise<T> {
    return this.people ? this.opened(value, (keyOf) => unseal(value, keyOf) as T) : value;
  }

  private opened<T>(value: unknown, open: (keyOf: (subject: Subject) => PersonKey | undefined) => T): T | Promise<T> {
    const { people } = this;
    const subjects = subjectsIn(value);
    const keys = new Map<Subject, PersonKey | undefined>();
    const missing: Subject[] = [];
    for (const subject of subjects) {
      const known = people?.known(subject);
      if (known === undefined) missing.push(subject);
      else keys.set(subject, known ?? undefined);
    }
    const finish = () => open((subject) => keys.get(subject));
    if (missing.length === 0) return finish();
    return Promise.all(missing.map(async (subject) => keys.set(subject, await people?.read(subject)))).then(finish);
  }

  private async keyFor(
    stream: string,
    events: readonly Writable[],
    { stream: own, cause }: Whom,
  ): Promise<Found | undefined> {
    if (own !== undefined) return this.keyOf(own);
    let says = false;
    for (const { type, data } of events) {
      const shape = this.shapes.get(type);
      if (!shape) continue;
      const person = personIn(data, shape);
      if (person !== undefined) return this.made(person);
      says ||= saysAnything(data, shape);
    }
    if (cause !== undefined) return this.keyOf(cause);
    const shopper = events.map(({ metadata }) => metadata.actor).find((actor) => actor.startsWith(SHOPPER));
    if (shopper !== undefined) return this.made(shopper.slice(SHOPPER.length));
    // Something personal of nobody in particular: the stream stands for them.
    return says ? this.made(stream) : undefined;
  }

  private async keyOf(subject: Subject): Promise<Found> {
    return { subject, key: (await this.needed().read(subject)) ?? null };
  }

  private async made(person: string): Promise<Found> {
    const key = await this.needed().keyOf(person);
    return { subject: key.subject, key };
  }

  private needed(): People {
    if (!this.people) throw new Error(`Personal data cannot be written here: ${NO_KEYS}`);
    return this.people;
  }
}

/** The shopper who acts is the person mostly, and must not be named beside what is sealed. */
function actorOf(actor: string, key: PersonKey | null): string {
  if (!actor.startsWith(SHOPPER)) return actor;
  if (!key) return SHOPPER + NOBODY;
  return actor.slice(SHOPPER.length) === key.person ? SHOPPER + personText(key.subject, NOBODY) : actor;
}
