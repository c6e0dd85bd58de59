/** Random numbers that the same seed brings again. */
export class Chance {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 up to, not including, 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  /** Whether something that happens with this probability happens now. */
  once(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.whole(0, items.length - 1)];
    if (item === undefined) throw new Error("there is nothing to pick from");
    return item;
  }

  /** Numbers of its own, so that what others draw does not change them. */
  fork(): Chance {
    return new Chance(this.whole(0, 4_294_967_295));
  }
}

/** `MILLRACE_CRASH_SEED`, else a new seed for each run. */
export function seedOfRun(): number {
  const given = process.env["MILLRACE_CRASH_SEED"];
  return given ? Number(given) >>> 0 : Math.floor(Math.random() * 4_294_967_296);
}
