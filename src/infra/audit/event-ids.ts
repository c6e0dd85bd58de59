import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { type Scratch } from "./scratch";

/** An event id that stands in the log more than once. */
export interface RepeatedId {
  readonly id: string;
  readonly positions: readonly bigint[];
}

const PARTITIONS = 256;
/** An id and a position. */
const RECORD = 16 + 8;
/** Records of a partition that are gathered before they are written. */
const GATHERED = 512;

interface Partition {
  readonly gathered: Buffer;
  used: number;
  file: string | undefined;
}

/** Looks for ids that come twice among any number of events: apart by their first byte, a part in memory at a time. */
export class EventIds {
  private readonly partitions: Partition[] = Array.from({ length: PARTITIONS }, () => ({
    gathered: Buffer.allocUnsafe(GATHERED * RECORD),
    used: 0,
    file: undefined,
  }));

  constructor(private readonly scratch: Scratch) {}

  see(id: string, position: bigint): void {
    const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
    const partition = this.partitions[bytes[0] ?? 0] as Partition;
    if (partition.used === partition.gathered.length) this.write(partition);
    bytes.copy(partition.gathered, partition.used, 0, 16);
    partition.gathered.writeBigUInt64BE(position, partition.used + 16);
    partition.used += RECORD;
  }

  *repeated(): Generator<RepeatedId> {
    for (const partition of this.partitions) yield* repeatedIn(recordsOf(partition));
  }

  private write(partition: Partition): void {
    partition.file ??= this.scratch.file();
    appendFileSync(partition.file, partition.gathered.subarray(0, partition.used));
    partition.used = 0;
  }
}

function recordsOf({ file, gathered, used }: Partition): Buffer {
  const recent = gathered.subarray(0, used);
  return file !== undefined && existsSync(file) ? Buffer.concat([readFileSync(file), recent]) : recent;
}

function* repeatedIn(records: Buffer): Generator<RepeatedId> {
  const seen = new Map<string, bigint>();
  const repeated = new Map<string, bigint[]>();
  for (let at = 0; at < records.length; at += RECORD) {
    const id = records.toString("latin1", at, at + 16);
    const position = records.readBigUInt64BE(at + 16);
    const first = seen.get(id);
    if (first === undefined) seen.set(id, position);
    else repeated.set(id, [...(repeated.get(id) ?? [first]), position]);
  }
  for (const [id, positions] of repeated) yield { id: uuidOf(id), positions };
}

const uuidOf = (id: string): string =>
  Buffer.from(id, "latin1")
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
