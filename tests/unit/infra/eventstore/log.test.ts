import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { CHUNK_HEADER, ChunkFiles } from "../../../../src/infra/bundled/eventstore/storage/chunk-files";
import { type LogSlice, Log } from "../../../../src/infra/bundled/eventstore/storage/log";
import { FLAG, putRecord, record, recordBound } from "../../../../src/infra/bundled/eventstore/storage/record";

interface Written {
  readonly position: number;
  readonly data: Buffer;
}

const flushed = (log: Log): Promise<void> =>
  new Promise((resolve, reject) => log.flush(false, (error) => (error ? reject(error) : resolve())));

/** Appends one record; `size` are the bytes of its data. */
function append(log: Log, n: number, size: number): Written {
  const data = Buffer.alloc(size, n % 251);
  const event = {
    id: Buffer.alloc(16, n % 256),
    type: Buffer.from("t"),
    isJson: false,
    data,
    metadata: Buffer.from("m"),
  };
  const { buffer, offset, position } = log.reserve(recordBound(event, 3));
  const end = putRecord(buffer, offset, event, {
    position,
    streamId: 1,
    revision: n,
    flags: FLAG.END_OF_APPEND,
    created: 1_700_000_000_000 + n,
    durable: log.durable,
    stream: "a-1",
    streamLength: 3,
  });
  log.advance(end);
  return { position, data };
}

const inSlice = ({ buffer, from, to }: LogSlice): number[] => {
  const found: number[] = [];
  for (let at = from; at < to; at += record.length(buffer, at)) found.push(record.position(buffer, at));
  return found;
};

function forwards(log: Log, from: number): number[] {
  const found: number[] = [];
  for (let slice = log.sliceFrom(from); slice;) {
    found.push(...inSlice(slice));
    slice = log.sliceFrom(log.after(found.at(-1) as number));
  }
  return found;
}

function backwards(log: Log, before: number): number[] {
  const found: number[] = [];
  for (let at = before; ;) {
    const slice = log.sliceBefore(at);
    if (!slice) return found;
    // A slice may begin in the middle of a record, which the walk back finds out by its length.
    for (let end = slice.to; end - slice.from > 4;) {
      const length = slice.buffer.readUInt32LE(end - 4);
      if (length > end - slice.from) break;
      end -= length;
      at = record.position(slice.buffer, end);
      found.push(at);
    }
  }
}

describe("the log", () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  const records = fc.array(fc.record({ size: fc.oneof(fc.nat(200), fc.nat(9000)), kept: fc.boolean() }), {
    minLength: 1,
    maxLength: 120,
  });

  it("finds the same with and without files, before and after records are taken out", async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.nat(200), async (plan, cut) => {
        const folder = mkdtempSync(join(tmpdir(), "log-"));
        folders.push(folder);
        let log = new Log(ChunkFiles.open(folder, false));
        const written: Written[] = [];
        for (const [n, { size }] of plan.entries()) {
          // Somewhere a new file begins, as a scavenge makes it.
          if (n === cut % plan.length) log.roll();
          written.push(append(log, n, size));
          if (n % 7 === 0) await flushed(log);
        }
        await flushed(log);
        const positions = written.map(({ position }) => position);
        expect(forwards(log, 0)).toEqual(positions);
        expect(backwards(log, log.durable)).toEqual([...positions].reverse());

        // Reopened, nothing is in memory any more.
        log.close();
        log = new Log(ChunkFiles.open(folder, false));
        const last = log.completeChunks;
        const gone = new Set(positions.filter((at, n) => at < last * 64 * 1024 * 1024 && plan[n]?.kept === false));
        for (let chunk = 0; chunk < last; chunk++) {
          const isGone = (buffer: Buffer, offset: number): boolean => gone.has(record.position(buffer, offset));
          await log.compact(chunk, { isGone, goOn: () => Promise.resolve(true) });
        }
        for (let time = 0; time < 2; time++) {
          const left = positions.filter((at) => !gone.has(at));
          expect(forwards(log, 0)).toEqual(left);
          expect(backwards(log, log.durable)).toEqual([...left].reverse());
          for (const { position, data } of written) {
            const view = log.find(position);
            if (gone.has(position)) expect(view).toBeUndefined();
            else expect(view && record.data(view.buffer, view.offset).equals(data)).toBe(true);
            expect(forwards(log, log.boundary(position))).toEqual(left.filter((at) => at >= position));
            expect(backwards(log, position)).toEqual(left.filter((at) => at < position).reverse());
          }
          log.close();
          log = new Log(ChunkFiles.open(folder, false));
        }
        log.close();
      }),
      { numRuns: 25 },
    );
  });

  it("begins after the header of the first file", () => {
    const log = new Log(undefined);
    expect(append(log, 0, 10).position).toBe(CHUNK_HEADER);
  });
});
