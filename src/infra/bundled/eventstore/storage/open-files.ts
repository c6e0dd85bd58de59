import { closeSync, openSync } from "node:fs";

const MOST_OPEN = 128;

/** Keeps files open that were used of late, so that a large log does not need a descriptor for each of its files. */
export class OpenFiles {
  private readonly open = new Map<number, number>();

  constructor(private readonly pathOf: (number: number) => string) {}

  /** The descriptor of a file, for reading and writing. Good until the next call. */
  get(number: number): number {
    let fd = this.open.get(number);
    if (fd !== undefined) {
      if (this.open.size > MOST_OPEN / 2) {
        this.open.delete(number);
        this.open.set(number, fd);
      }
      return fd;
    }
    fd = openSync(this.pathOf(number), "r+");
    this.add(number, fd);
    return fd;
  }

  add(number: number, fd: number): void {
    this.open.set(number, fd);
    if (this.open.size <= MOST_OPEN) return;
    // The file with the highest number is the one being written and flushed.
    const newest = Math.max(...this.open.keys());
    for (const other of this.open.keys()) {
      if (other === newest || other === number) continue;
      this.close(other);
      return;
    }
  }

  close(number: number): void {
    const fd = this.open.get(number);
    if (fd === undefined) return;
    this.open.delete(number);
    closeSync(fd);
  }

  closeAll(): void {
    for (const number of [...this.open.keys()]) this.close(number);
  }
}
