import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";

/** A folder for what does not fit into memory, made when it is needed and gone after use. */
export class Scratch {
  private path: string | undefined;
  private files = 0;
  private readonly closing: (() => Promise<void>)[] = [];

  /** The path of a new file. */
  file(): string {
    this.path ??= mkdtempSync(join(tmpdir(), "millrace-audit-"));
    return join(this.path, `${this.files++}`);
  }

  /** Done before the folder is removed. */
  whenDone(close: () => Promise<void>): void {
    this.closing.push(close);
  }

  async remove(): Promise<void> {
    for (const close of this.closing.splice(0)) await close();
    if (this.path !== undefined) rmSync(this.path, { recursive: true, force: true });
    this.path = undefined;
  }
}

/** Entries that a map keeps in memory when nothing else is said. */
const IN_MEMORY = 5_000;

interface Kept {
  readonly value: unknown;
  /** Not on disk as it is here. */
  readonly dirty: boolean;
}

/** A map from text to JSON values of any size: the entries used last are in memory, the others in a file. */
export class SpillingMap<V> {
  private readonly kept = new Map<string, Kept>();
  private disk: RootDatabase<string, string> | undefined;

  constructor(
    private readonly scratch: Scratch,
    private readonly inMemory = IN_MEMORY,
  ) {}

  get(key: string): V | undefined {
    const kept = this.kept.get(key);
    if (kept) return kept.value as V;
    const text = this.disk?.get(key);
    if (text === undefined) return undefined;
    const value = JSON.parse(text) as V;
    this.keep(key, { value, dirty: false });
    return value;
  }

  set(key: string, value: V): void {
    this.kept.delete(key);
    this.keep(key, { value, dirty: true });
  }

  /** Every entry, in no particular order. The map must not be used meanwhile. */
  *entries(): Generator<readonly [key: string, value: V]> {
    for (const [key, { value }] of this.kept) yield [key, value as V];
    if (!this.disk) return;
    for (const { key, value } of this.disk.getRange())
      if (!this.kept.has(key)) yield [key, JSON.parse(value) as V] as const;
  }

  private keep(key: string, kept: Kept): void {
    this.kept.set(key, kept);
    if (this.kept.size > this.inMemory) this.spill();
  }

  /** Lets go of the half that has not been written to for longest. */
  private spill(): void {
    const disk = (this.disk ??= this.open());
    const leaving = [...this.kept].slice(0, Math.ceil(this.inMemory / 2));
    disk.transactionSync(() => {
      for (const [key, { value, dirty }] of leaving) if (dirty) disk.putSync(key, JSON.stringify(value));
    });
    for (const [key] of leaving) this.kept.delete(key);
  }

  private open(): RootDatabase<string, string> {
    const disk = open<string, string>({ path: this.scratch.file(), encoding: "string", noSubdir: true, noSync: true });
    this.scratch.whenDone(() => disk.close());
    return disk;
  }
}
