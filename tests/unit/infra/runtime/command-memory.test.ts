import fc from "fast-check";
import { deriveId, fingerprint } from "../../../../src/infra/runtime";
import { CommandMemory, REMEMBERED_COMMANDS } from "../../../../src/infra/runtime/command-memory";

const id = (n: number) => deriveId("command", n);
const hash = (n: number) => (n % 3 === 0 ? undefined : n % 3 === 1 ? fingerprint(n) : `k.${fingerprint(n)}`);
const trace = (n: number) => ({ first: 2 * n, last: 2 * n + 1, hash: hash(n) });

/** Remembers so many commands, packing after some of them. */
function remembering(count: number, packedAfter: (n: number) => boolean): CommandMemory {
  let memory = new CommandMemory();
  for (let n = 0; n < count; n++) {
    memory.set(id(n), trace(n));
    if (packedAfter(n)) memory = CommandMemory.unpack(memory.pack(2 * n + 1) as Buffer);
  }
  return memory;
}

test("whenever it is packed, it remembers the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), fc.uniqueArray(fc.nat(200)), (count, moments) => {
      const memory = remembering(count, (n) => moments.includes(n));
      expect(memory.size).toBe(count);
      for (let n = 0; n < count; n++) expect(memory.get(id(n))).toEqual(trace(n));
      expect(memory.get(id(count))).toBeUndefined();
      expect(memory.get("of another kind")).toBeUndefined();
    }),
  );
});

test("of too many the oldest go", () => {
  const memory = remembering(REMEMBERED_COMMANDS + 50, (n) => n % 4_000 === 0 || n === REMEMBERED_COMMANDS + 49);
  expect(memory.size).toBe(REMEMBERED_COMMANDS);
  expect(memory.get(id(49))).toBeUndefined();
  for (const n of [50, 4_000, REMEMBERED_COMMANDS + 49]) expect(memory.get(id(n))).toEqual(trace(n));
});

test("what came after the revision stays out of the pack, but is not forgotten", () => {
  const memory = new CommandMemory();
  for (let n = 0; n < 10; n++) memory.set(id(n), trace(n));
  const packed = CommandMemory.unpack(memory.pack(2 * 5 + 1) as Buffer);
  expect(packed.size).toBe(6);
  expect(packed.get(id(6))).toBeUndefined();
  expect(memory.size).toBe(10);
  expect(memory.get(id(6))).toEqual(trace(6));
});

test("a command that is not of the shop's making is not packed", () => {
  const memory = new CommandMemory();
  memory.set("by hand", trace(0));
  expect(memory.pack(10)).toBeUndefined();
  expect(memory.get("by hand")).toEqual(trace(0));
});

test("bytes that are no pack are refused", () => {
  expect(() => CommandMemory.unpack(Buffer.alloc(44))).toThrow("44 bytes are no whole number of commands");
});
