import { type Aggregate, type DomainError, type DomainEvent, type Recorded } from "../../domains/kernel";
import { type Accepted, type CommandContext, type CommandHandler, type Idle } from "../../infra/runtime";
import { type EventLog } from "../../infra/eventstore";
import { firstAnswer as firstAnswerIn } from "../first-answer";
import { type Services } from "../services";

/** Executes one command on one aggregate. */
export type Execute = <C, E extends DomainEvent, S>(
  aggregate: Aggregate<C, E, S>,
  id: string,
  command: C,
  context: CommandContext,
) => Promise<Accepted<E, S> | DomainError>;

/** What a service needs that works on several aggregates: commands in, histories out. */
export interface CommandPort {
  readonly execute: Execute;
  /** A stream's events, oldest first; none when it does not exist. */
  history(stream: string): AsyncIterable<Recorded>;
  /** What is remembered of a command that is repeated and found nothing to change the first time. */
  idleBefore?(commandId: string): Idle | undefined;
}

/** For the routes, within `Services.together`, which remembers answers. */
export const portOf = (services: Services): CommandPort => ({
  execute: (aggregate, id, command, context) => services.once(aggregate, id, command, context),
  history: (stream) => services.log.readStream(stream),
  idleBefore: (commandId) => services.idleBefore(commandId),
});

/** For programs that run commands without the APIs, such as imports. */
export const portOn = (commands: CommandHandler, log: EventLog): CommandPort => ({
  async execute(aggregate, id, command, context) {
    const outcome = await commands.execute(aggregate, id, command, context);
    return outcome.accepted ? outcome : outcome.error;
  },
  history: (stream) => log.readStream(stream),
});

/** An aggregate's state as the log has it now. */
export async function stateOf<C, E extends DomainEvent, S>(
  port: CommandPort,
  aggregate: Aggregate<C, E, S>,
  id: string,
): Promise<S> {
  let state = aggregate.initialState;
  for await (const event of port.history(`${aggregate.category}-${id}`)) {
    state = aggregate.evolve(state, event as unknown as E);
  }
  return state;
}

/**
 * The first answer to a command that has been executed before; `undefined` when it has not. To be asked before a
 * command is refused for a fact from outside its aggregate: that fact may have been another one the first time.
 */
export const firstAnswer = <C, E extends DomainEvent, S>(
  port: CommandPort,
  aggregate: Aggregate<C, E, S>,
  id: string,
  context: CommandContext,
): Promise<Accepted<E, S> | DomainError | undefined> =>
  firstAnswerIn(port.history(`${aggregate.category}-${id}`), aggregate, context, port.idleBefore?.(context.commandId));

/**
 * Executes a command unless a fact from outside its aggregate speaks against it. A command that has been executed
 * before is answered as it was then, whatever that fact is by now.
 */
export async function executeUnless<C, E extends DomainEvent, S>(
  port: CommandPort,
  objection: () => Promise<DomainError | undefined>,
  aggregate: Aggregate<C, E, S>,
  id: string,
  command: C,
  context: CommandContext,
): Promise<Accepted<E, S> | DomainError> {
  const refusal = await objection();
  if (refusal === undefined) return port.execute(aggregate, id, command, context);
  return (await firstAnswer(port, aggregate, id, context)) ?? refusal;
}
