import { NewerVersion } from "../../domains/kernel";
import { type NewerEvent } from "../eventstore";

/** Newer code writes what this process cannot read: the work is left to processes that can. */
export class Outdated extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "Outdated";
  }

  static at({ type, stream, error }: NewerEvent): Outdated {
    return new Outdated(`cannot read ${type} in ${stream}: ${error.message}`, error);
  }

  /** @throws Outdated, where the error comes of that */
  static rethrow(error: unknown): void {
    const outdated = Outdated.by(error);
    if (outdated) throw outdated;
  }

  /** @returns `undefined` where the error comes of something else */
  static by(error: unknown): Outdated | undefined {
    if (error instanceof Outdated) return error;
    for (let cause = error; cause instanceof Error; cause = cause.cause)
      if (cause instanceof NewerVersion) return new Outdated((error as Error).message, cause);
    return undefined;
  }
}
