/** A batch should not take longer, in ms: none of it shows before all of it does. */
const TOO_LONG = 1_500;
const SHORT = 500;
/** Fewer events at once would only cost more. */
const LEAST = 25;

/**
 * How many events are handled at once: as many as the database takes in good time. Halved where a batch takes too long
 * or is cut off, doubled while full ones are done quickly.
 */
export class BatchSize {
  private size: number;

  constructor(private readonly largest: number) {
    this.size = largest;
  }

  get most(): number {
    return this.size;
  }

  took(events: number, ms: number): void {
    if (ms > TOO_LONG) this.shrinkTo(events >> 1);
    else if (ms < SHORT && events >= this.size) this.size = Math.min(this.largest, this.size * 2);
  }

  interrupted(): void {
    this.shrinkTo(this.size >> 1);
  }

  private shrinkTo(size: number): void {
    this.size = Math.min(this.size, Math.max(LEAST, size));
  }
}
