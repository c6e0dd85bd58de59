import { type Aggregate, DomainError, type DomainEvent } from "../../domains/kernel";
import { type Accepted, type CommandContext, deriveId } from "../../infra/runtime";

/** How a command reaches its aggregate: `Services.execute` and whatever has its shape. */
export type Execute = <C, E extends DomainEvent, S>(
  aggregate: Aggregate<C, E, S>,
  id: string,
  command: C,
  context: CommandContext,
) => Promise<Accepted<E, S> | DomainError>;

/** A command of a set-up was refused: the shop already has something else in that place. */
export class SetUpRefused extends Error {
  constructor(
    readonly stream: string,
    readonly error: DomainError,
  ) {
    super(`${stream}: ${error.message}`);
    this.name = "SetUpRefused";
  }
}

/**
 * Sends the commands of one set-up. Their ids derive from what they are, so that a set-up which is repeated, or goes on
 * after it was broken off, finds what has been done and writes only the rest.
 */
export class Sender {
  /** Events written so far. */
  events = 0;

  constructor(
    private readonly execute: Execute,
    private readonly setUp: string,
    private readonly at: string,
  ) {}

  /**
   * @param key what tells the command from others of its type to the same aggregate
   * @throws SetUpRefused
   */
  async send<C extends { readonly type: string }, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
    command: C,
    ...key: readonly string[]
  ): Promise<void> {
    const outcome = await this.execute(aggregate, id, command, {
      ...contextOf(this.setUp, this.at, aggregate.category, id, command.type, ...key),
      // Right the first time, which should be the fast one; the log finds out when it is wrong.
      assumeNew: true,
    });
    if (outcome instanceof DomainError) throw new SetUpRefused(`${aggregate.category}-${id}`, outcome);
    if (!outcome.repeated) this.events += outcome.events.length;
  }
}

export const contextOf = (setUp: string, at: string, ...key: readonly string[]): CommandContext => ({
  commandId: deriveId(setUp, ...key),
  correlationId: deriveId(setUp),
  actor: `import:${setUp}`,
  occurredAt: at,
});
