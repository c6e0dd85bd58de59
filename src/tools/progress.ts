import { type WriteStream } from "node:tty";

/** Where progress is shown: a terminal, or a pipe or file where it is not. */
export type ProgressOutput = Pick<NodeJS.WriteStream, "write"> & Partial<Pick<WriteStream, "isTTY" | "columns">>;

/** The line is drawn anew at most this often, in ms. */
const RHYTHM = 100;
/** The rate is that of about the last seconds, so that it follows what is going on now. */
const WINDOW = 5_000;

interface Mark {
  readonly at: number;
  readonly done: number;
}

/**
 * One line that tells how far long work has come: `importing  45 %  12,345 rows/s  8 s left`. On a terminal only; in a
 * pipe it says nothing.
 */
export class Progress {
  private readonly shown: boolean;
  private label = "";
  private marks: Mark[] = [];
  private drawn = -Infinity;
  private width = 0;

  constructor(
    private readonly output: ProgressOutput = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.shown = output.isTTY === true;
  }

  /** @param unit what is counted, such as `rows` */
  update(label: string, done: number, total: number, unit: string): void {
    if (!this.shown) return;
    const at = this.now();
    if (label !== this.label) {
      this.label = label;
      this.marks = [{ at, done }];
      this.drawn = -Infinity;
    }
    if (at - this.drawn < RHYTHM && done < total) return;
    this.drawn = at;
    this.draw(progressText(label, done, total, unit, this.rate(at, done)));
  }

  /** Clears the line, so that other output can begin where it was. */
  clear(): void {
    if (this.width > 0) this.output.write(`\r${" ".repeat(this.width)}\r`);
    this.width = 0;
    this.label = "";
  }

  private rate(at: number, done: number): number | undefined {
    while (this.marks.length > 1 && at - (this.marks[0] as Mark).at > WINDOW) this.marks.shift();
    const [oldest] = this.marks;
    this.marks.push({ at, done });
    if (oldest === undefined || at - oldest.at < 200) return undefined;
    return ((done - oldest.done) / (at - oldest.at)) * 1000;
  }

  private draw(text: string): void {
    const line = text.slice(0, Math.max(20, (this.output.columns || 80) - 1));
    this.output.write(`\r${line.padEnd(this.width)}`);
    this.width = line.length;
  }
}

/** @param rate units a second, where it is known */
export function progressText(label: string, done: number, total: number, unit: string, rate?: number): string {
  const share = total > 0 ? Math.min(100, Math.floor((done / total) * 100)) : 100;
  const parts = [label, `${share} %`];
  if (rate !== undefined) {
    parts.push(`${Math.round(rate).toLocaleString("en-GB")} ${unit}/s`);
    if (rate > 0 && done < total) parts.push(`${timeText((total - done) / rate)} left`);
  }
  return parts.join("  ");
}

/** `8 s`, `2 min 05 s` */
function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
