import { type Recorded } from "../../domains/kernel";

/** Commands pour in when so many a second were seen, and so many at once, on average. */
const POURING = { rate: 60, atOnce: 1.5 };
/** The time that then lies between two commits, in ms; and where a reader waits. */
const RHYTHM = 100;
const HURRIED_RHYTHM = 20;
/** What is averaged over, in ms. */
const WINDOW = 250;

/**
 * Some time lies between two commits while events pour in, so that many go together and a document that changes often is
 * written once; little while a reader waits, none at rest.
 */
export class Rhythm {
  private lastCommit = 0;
  /** Commands a second, and commands in a batch, averaged. */
  private rate = 0;
  private atOnce = 1;
  private waiters = 0;
  private hurryUp: (() => void) | undefined;

  /** @param isKept otherwise every event is handled at once */
  constructor(private readonly isKept: boolean) {}

  /** Until the next commit is due. */
  async keep(signal: AbortSignal): Promise<void> {
    const wait = this.lastCommit + this.between - Date.now();
    if (wait <= 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.hurryUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.hurryUp = undefined;
  }

  /** These were committed now. */
  beat(events: readonly Recorded[]): void {
    const now = Date.now();
    const passed = Math.max(1, now - this.lastCommit);
    const commands = commandsIn(events);
    const weight = 1 - Math.exp(-passed / WINDOW);
    this.rate += ((commands * 1_000) / passed - this.rate) * weight;
    this.atOnce += (commands - this.atOnce) * weight;
    this.lastCommit = now;
  }

  /** Somebody waits, until the returned function is called. */
  hurry(): () => void {
    if (this.waiters++ === 0) this.end();
    return () => this.waiters--;
  }

  /** Ends the wait under way. */
  end(): void {
    this.hurryUp?.();
  }

  private get between(): number {
    const pouring = this.rate >= POURING.rate && this.atOnce >= POURING.atOnce;
    if (!pouring || !this.isKept) return 0;
    return this.waiters > 0 ? HURRIED_RHYTHM : RHYTHM;
  }
}

/** Events of one command lie together. */
function commandsIn(events: readonly Recorded[]): number {
  let commands = 0;
  let last: string | undefined;
  for (const { metadata } of events)
    if (metadata.commandId !== last) {
      last = metadata.commandId;
      commands++;
    }
  return commands;
}
