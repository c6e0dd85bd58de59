import { type FailureDocument, type FailureMark, type Failures, type Verdict } from "./failures";
import { type PoisonEvent } from "./poison-event";

/** Where one consumer stands still at an event, or has stood still, here or elsewhere, and how it goes on from there. */
export class Standstill {
  private failure: FailureDocument | undefined;
  private goOn: (() => void) | undefined;

  constructor(
    private readonly failures: Failures,
    private readonly consumer: { readonly context: string; readonly name: string; readonly work: string },
  ) {}

  /** Looks up what has been noted of it. */
  async load(): Promise<void> {
    const { context, name } = this.consumer;
    this.failure = await this.failures.of(context, name);
  }

  /** Resolves when somebody has it tried again, or the signal fires. */
  untilTriedAgain(signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      const over = () => {
        this.goOn = undefined;
        signal.removeEventListener("abort", over);
        resolve();
      };
      this.goOn = over;
      if (signal.aborted) over();
      else signal.addEventListener("abort", over, { once: true });
    });
  }

  async record(poison: PoisonEvent): Promise<FailureDocument> {
    const { context, name, work } = this.consumer;
    return (this.failure = await this.failures.record(context, name, work, poison));
  }

  /** It goes on from the event that caused the failure. */
  retry(): void {
    this.goOn?.();
  }

  /**
   * What an operator has decided, if it is about where it stands still now.
   * @returns whether it was
   */
  async settle({ event, attempts }: Omit<FailureMark, "context" | "unit">, verdict: Verdict): Promise<boolean> {
    const { failure } = this;
    if (!this.goOn || !failure) return false;
    if (failure.event.id !== event || failure.attempts !== attempts) return false;
    if (verdict.kind === "skip") await this.failures.skip(this.consumer.context, failure, verdict);
    this.retry();
    return true;
  }

  /** Everything up to a position has been handled: what was noted before it is over. */
  async passed(position: bigint): Promise<void> {
    if (!this.failure || this.failure.event.position > position) return;
    this.failure = undefined;
    const { context, name } = this.consumer;
    // Should it stay, it is out of date: the position is beyond it.
    await this.failures.clear(context, name).catch(() => undefined);
  }
}
