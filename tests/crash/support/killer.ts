import { setTimeout as pause } from "node:timers/promises";
import { type Chance } from "./chance";
import { Ended, type Victim } from "./victims";

export interface Kill {
  readonly victim: string;
  /** Before it was ready again after the last kill. */
  readonly whileStarting: boolean;
  /** How long it then took to be back, in ms; where it was killed again before, that is not known. */
  back?: number;
}

/**
 * Kills at random moments, many times: mostly at work, now and then while it is coming up again, and lets it lie dead
 * for a moment.
 */
export async function killAgainAndAgain(
  victims: readonly Victim[],
  kills: number,
  chance: Chance,
): Promise<readonly Kill[]> {
  const done: Kill[] = [];
  let next: Victim[] = [];
  while (done.length < kills) {
    await pause(chance.between(100, 1_500));
    // Each has its turn: whoever has a process restarted for it gives up when one alone ends over and over.
    if (next.length === 0) next = [...victims];
    const victim = chance.pick(next);
    next = next.filter((other) => other !== victim);
    await victim.kill();
    done.push({ victim: victim.name, whileStarting: false });
    if (done.length < kills && chance.once(0.35)) {
      const starting = outcomeOf(victim.start());
      const early = await Promise.race([starting, pause(chance.between(20, 1_500))]);
      if (early) throw early;
      await victim.kill();
      done.push({ victim: victim.name, whileStarting: true });
      const late = await starting;
      if (late instanceof Ended && late.signal === null) throw late;
    }
    await pause(chance.once(0.3) ? chance.between(0, 1_000) : 0);
    const begun = Date.now();
    await victim.start();
    const last = done.at(-1);
    if (last) last.back = Date.now() - begun;
  }
  return done;
}

/** Why it failed, if it did. */
const outcomeOf = (work: Promise<void>): Promise<Error | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
