import { claim } from "../../domains/catalog";
import { DomainError, type Timestamp } from "../../domains/kernel";
import { contextOf, type Execute, SetUpRefused } from "./send";

/**
 * Remembers in the log that a set-up has been done, as the claim of its name: what is in the log outlives every read
 * model, and goes with it to another machine.
 */
export interface Marker {
  isSet(): Promise<boolean>;
  set(): Promise<void>;
}

export function marker(execute: Execute, setUp: string, at: Timestamp): Marker {
  const key = `setup:${setUp}`;
  const command = { type: "Claim", at, key, owner: setUp } as const;
  const context = contextOf(setUp, at, key);
  return {
    /** The command again, for a stream that is there: where it is not, nothing is written. */
    async isSet() {
      const outcome = await execute(claim, key, command, { ...context, expectedRevision: 0 });
      if (!(outcome instanceof DomainError)) return true;
      if (outcome.code === "stale-revision") return false;
      throw new SetUpRefused(`claim-${key}`, outcome);
    },
    async set() {
      const outcome = await execute(claim, key, command, context);
      if (outcome instanceof DomainError) throw new SetUpRefused(`claim-${key}`, outcome);
    },
  };
}
