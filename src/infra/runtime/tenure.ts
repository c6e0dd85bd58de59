/** While so many looks are under way no other begins: one may hang on a connection that has died, a slow database gets no more. */
const MOST_AT_ONCE = 3;

/**
 * The time for which a worker has its work, and what it does now and then meanwhile. What was begun in one tenure has no
 * say in the next.
 */
export class Tenure {
  private count = 0;
  private ticking: NodeJS.Timeout | undefined;
  /** Those under way. */
  private readonly ticks = new Set<Promise<void>>();

  constructor(
    /** What is done every so many ms. */
    private readonly tick: () => Promise<void>,
    private readonly every: number,
  ) {}

  /** Rises as the work is taken on and given back. */
  get current(): number {
    return this.count;
  }

  /** The work is taken on, or is given back. */
  turn(): void {
    this.count++;
  }

  /** @param interrupt is told what goes wrong in a tick of this tenure */
  start(interrupt: (error: unknown) => void): void {
    clearInterval(this.ticking);
    this.ticking = setInterval(() => {
      if (this.ticks.size >= MOST_AT_ONCE) return;
      const { current } = this;
      const tick = this.tick()
        .catch((error: unknown) => {
          if (current === this.current) interrupt(error);
        })
        .finally(() => this.ticks.delete(tick));
      this.ticks.add(tick);
    }, this.every);
  }

  /** Resolves once no tick is under way, and none comes. */
  async stop(): Promise<void> {
    clearInterval(this.ticking);
    await Promise.all(this.ticks);
  }
}
