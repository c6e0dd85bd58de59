import { LRUCache } from "lru-cache";
import { QUOTES_INCOMPLETE } from "../domains/cart";
import { type Aggregate, DomainError, type DomainEvent, NOBODY, type Timestamp } from "../domains/kernel";
import { type EventLog } from "../infra/eventstore";
import { type Accepted, type AnswerMemory, type CommandContext, type CommandHandler, type Idle, type ReadModel, type ReadModels } from "../infra/runtime"; // prettier-ignore
import { type People, personText } from "../infra/privacy";
import { type ShopperTokens } from "../infra/security";
import { firstAnswer } from "./first-answer";
import { readModelBehind } from "./http";

/** How long a read waits for its read model to reach the position it must reflect, in ms. */
const PATIENCE = 5_000;
/** Writes of this process whose position is remembered, so that reading them back needs no token here. */
const REMEMBERED_WRITES = 20_000;

/** Refusals that quote what may be a card's number by mistake: not to be kept anywhere. The shop's settings decide them. */
const UNKEPT = ["unknown-payment-method", "unknown-payment-token"];

/** Refusals that say nothing about the command itself: the same command may succeed the next time. */
const PASSING = new Set(["contention", "stale-revision", "idempotency-key-reused", QUOTES_INCOMPLETE, ...UNKEPT]);

export interface ServiceOptions {
  readonly commands: CommandHandler;
  readonly models: ReadModels;
  readonly log: EventLog;
  /** How commands of each context were answered, each in the context's own database. */
  readonly answers: ReadonlyMap<string, AnswerMemory>;
  /** Destroys the key of a person. */
  readonly forget: (subject: string) => Promise<void>;
  readonly tokens: ShopperTokens;
  /** Currency of answers when the caller names none. */
  readonly currency: string;
}

const SHOPPER = "shopper:";

/** A read model of whatever documents. */
export type Levelled = Pick<ReadModel, "name" | "position" | "waitFor">;

/** What the routes of a context work with. */
export class Services {
  readonly models: ReadModels;
  readonly log: EventLog;
  readonly commands: CommandHandler;
  readonly tokens: ShopperTokens;
  readonly currency: string;
  readonly forget: ServiceOptions["forget"];
  private readonly answers: AnswerMemory | undefined;
  /** What is known of commands under way that are repeated: they found nothing to change the first time. */
  private readonly idle = new Map<string, Idle>();
  private readonly underWay = new Map<string, Promise<Accepted | DomainError>>();
  private readonly written: LRUCache<string, bigint>;

  /** @param context whose commands are executed; without one nothing is remembered of those that left no events */
  constructor(
    private readonly options: ServiceOptions,
    context?: string,
    written?: LRUCache<string, bigint>,
  ) {
    this.commands = options.commands;
    this.models = options.models;
    this.log = options.log;
    this.tokens = options.tokens;
    this.currency = options.currency;
    this.answers = context === undefined ? undefined : options.answers.get(context);
    this.forget = options.forget;
    this.written = written ?? new LRUCache({ max: REMEMBERED_WRITES });
  }

  /** The same for the commands of a context. What one writes, reads of all in this process show. */
  within(context: string): Services {
    return new Services(this.options, context, this.written);
  }

  /** The keys of people. @throws where this process has none */
  get people(): People {
    const { people } = this.log.codec.personal;
    if (!people) throw new Error("this process has no keys of people");
    return people;
  }

  /**
   * A condition on a field that says who somebody is: stored as what stands for the person, or as it is, from the time
   * before personal data was sealed.
   */
  async isPerson(person: string, value: string, forgotten: string | null): Promise<object> {
    const text = await this.people.textOf(person, forgotten);
    return text === undefined ? { $eq: value } : { $in: [value, text] };
  }

  /** A value as rows of feeds may have it: as it is, and what stands for the people who can be found by it. */
  async storedAs(value: string): Promise<readonly string[]> {
    const people = (await this.log.codec.personal.people?.holding(value)) ?? [];
    return [value, ...people.flatMap((subject) => [personText(subject, null), personText(subject, NOBODY)])];
  }

  /** Any JSON with the personal data in it opened. */
  async opened<T>(value: T): Promise<T> {
    return this.log.codec.personal.openValue(value);
  }

  /** Who asks, where it is a shopper of whom something is sealed. */
  private async whose({ actor }: CommandContext): Promise<string | undefined> {
    const id = actor.startsWith(SHOPPER) ? actor.slice(SHOPPER.length) : undefined;
    return id === undefined ? undefined : (await this.log.codec.personal.people?.find(id))?.subject;
  }

  now(): Timestamp {
    return new Date().toISOString() as Timestamp;
  }

  /**
   * Executes a command of a request. With an idempotency key the first answer is given again, whether the command did
   * something then, found nothing to change, or was refused; two of the same at once are executed once.
   */
  async execute<C, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
    command: C,
    context: CommandContext,
  ): Promise<Accepted<E, S> | DomainError> {
    const { commandHash } = context;
    if (commandHash === undefined) return this.once(aggregate, id, command, context);
    const key = `${context.commandId} ${commandHash}`;
    let running = this.underWay.get(key);
    if (!running) {
      const run = () => this.once(aggregate, id, command, context);
      running = this.remembered(context, commandHash, run).finally(() => this.underWay.delete(key));
      this.underWay.set(key, running);
    }
    return running as Promise<Accepted<E, S> | DomainError>;
  }

  /**
   * The same for a command that needs to know of facts from outside its aggregate, which may speak against it. One that
   * has been executed before is answered as it was then, whatever the facts are by now.
   * @param build answers the command, or why it cannot be given
   */
  async executeBuilt<C extends object, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
    build: () => Promise<C | DomainError>,
    context: CommandContext,
  ): Promise<Accepted<E, S> | DomainError> {
    return this.together<Accepted<E, S>>(context, async () => {
      const command = await build();
      if (!(command instanceof DomainError)) return this.once(aggregate, id, command, context);
      if (context.commandHash === undefined) return command;
      const history = this.log.readStream(`${aggregate.category}-${id}`);
      return (await firstAnswer(history, aggregate, context, this.idleBefore(context.commandId))) ?? command;
    });
  }

  /**
   * Answers a request that takes several commands as one command: with an idempotency key a refusal of the whole is
   * given again, and two of the same at once are run once. `run` must itself be safe to run again.
   */
  async together<A extends object>(
    context: CommandContext,
    run: () => Promise<A | DomainError>,
  ): Promise<A | DomainError> {
    const { commandHash } = context;
    if (commandHash === undefined) return run();
    const key = `together ${context.commandId} ${commandHash}`;
    let running = this.underWay.get(key) as Promise<A | DomainError> | undefined;
    if (!running) {
      running = this.remembered(context, commandHash, run).finally(() => this.underWay.delete(key));
      this.underWay.set(key, running as Promise<Accepted | DomainError>);
    }
    return running;
  }

  /**
   * Waits until the read model reflects the caller's token and what this process wrote to the given streams.
   * @throws Problem 503 when that takes too long
   */
  async level(model: Levelled, token: bigint | undefined, ...streams: readonly string[]): Promise<void> {
    let position = token ?? -1n;
    for (const stream of streams) {
      const own = this.written.get(stream);
      if (own !== undefined && own > position) position = own;
    }
    if (position <= model.position) return;
    if (!(await model.waitFor(position, PATIENCE))) throw readModelBehind({ readModel: model.name });
  }

  /**
   * Executes a command without looking how it was answered before: within `together`, which has looked, and for
   * commands of which an answer says nothing lasting.
   */
  async once<C, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
    command: C,
    context: CommandContext,
  ): Promise<Accepted<E, S> | DomainError> {
    const { commandId, commandHash } = context;
    const stream = `${aggregate.category}-${id}`;
    const idle = this.idleBefore(commandId);
    const before = idle && (await firstAnswer(this.log.readStream(stream), aggregate, context, idle));
    if (before) return before;
    const outcome = await this.commands.execute(aggregate, id, command, context);
    if (!outcome.accepted) return outcome.error;
    this.written.set(stream, outcome.position);
    if (outcome.events.length === 0 && !outcome.repeated && commandHash !== undefined)
      await this.answers?.remember(commandId, commandHash, { idleAt: outcome.revision }, await this.whose(context));
    return outcome;
  }

  /** For a command under way that is repeated: that, and where, it found nothing to change the first time. */
  idleBefore(commandId: string): Idle | undefined {
    return this.idle.get(commandId);
  }

  /** Keeps what the request's key is used for; a refusal when it has been used for something else. */
  async reserveKey({ commandId, commandHash }: CommandContext): Promise<DomainError | undefined> {
    return commandHash === undefined ? undefined : this.answers?.reserve(commandId, commandHash);
  }

  private async remembered<A extends object>(
    context: CommandContext,
    hash: string,
    run: () => Promise<A | DomainError>,
  ): Promise<A | DomainError> {
    const { commandId } = context;
    const before = await this.answers?.recall(commandId, hash);
    if (before instanceof DomainError) return before;
    if (before) this.idle.set(commandId, before);
    try {
      const outcome = await run();
      if (outcome instanceof DomainError && !PASSING.has(outcome.code))
        await this.answers?.remember(commandId, hash, outcome, await this.whose(context));
      return outcome;
    } finally {
      if (before) this.idle.delete(commandId);
    }
  }
}
