/** Where progress is drawn; `process.stderr` is one. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** One line that is drawn over again on a terminal, and nothing at all in a pipe or a file. */
export class ProgressLine {
  private drawnAt = 0;

  constructor(
    private readonly label: string,
    private readonly terminal: Terminal = process.stderr,
  ) {}

  /** @param total bytes in all; 0 when not known */
  update(done: number, total: number): void {
    const now = Date.now();
    if (!this.terminal.isTTY || now - this.drawnAt < 100) return;
    this.drawnAt = now;
    const share = total > 0 ? `${Math.floor((100 * done) / total)} % of ${megabytes(total)}` : megabytes(done);
    this.terminal.write(`\r\x1b[2K${this.label}: ${share}`);
  }

  clear(): void {
    if (this.drawnAt > 0) this.terminal.write("\r\x1b[2K");
    this.drawnAt = 0;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
