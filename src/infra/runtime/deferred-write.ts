/**
 * A write that many can ask for and that is done once for all of them: at once after a rest, else some time after the
 * one before. For what may be lost in a crash, because it is found out again.
 */
export class DeferredWrite {
  private last = 0;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private wanted = false;
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly write: () => Promise<void>,
    /** Time between two writes, in ms. */
    private readonly gap: number,
  ) {}

  /** @throws what the write threw, or a deferred one before it */
  async request(): Promise<void> {
    this.raise();
    this.wanted = true;
    if (this.timer) return;
    // What is asked for while a write is under way may not be in it.
    const wait = this.running ? this.gap : this.last + this.gap - Date.now();
    if (wait <= 0) return this.flush();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.flush().catch((error: unknown) => (this.failure = { error }));
    }, wait);
  }

  /** Resolves when all that was asked for is written. @throws what the write threw, or a deferred one before it */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.running) await this.running.catch(() => undefined);
    this.raise();
    if (!this.wanted) return;
    this.wanted = false;
    this.running = this.write();
    try {
      await this.running;
    } catch (error) {
      this.wanted = true;
      throw error;
    } finally {
      this.running = undefined;
      this.last = Date.now();
    }
  }

  /** @throws what a deferred write threw that nobody has heard of yet */
  raise(): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure.error;
  }

  /** Forgets what was asked for. */
  drop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.wanted = false;
    this.failure = undefined;
  }
}
