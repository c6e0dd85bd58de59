import { z } from "zod";
import {
  defineEvents,
  type EventDefinition,
  type EventMetadata,
  personal,
  quantity,
  sku,
} from "../../../src/domains/kernel";
import { EventCodec } from "../../../src/infra/eventstore/codec";
import { fingerprint, resolved, schemaComplaint } from "../../support/contracts";

/* An event type with a history, as ours will have some day. */

const shelf = z.strictObject({ sku, pieces: quantity, shelf: z.string(), by: z.string().nullable() });
const events = defineEvents("shelf", {
  Shelved: {
    version: 3,
    schema: shelf,
    upcasters: {
      // 1 → 2: counted in dozens until then.
      1: ({ dozens, ...same }: { sku: string; dozens: number }) => ({ ...same, pieces: dozens * 12, shelf: "A" }),
      // 2 → 3: who did it was not asked before.
      2: (old: { sku: string; pieces: number; shelf: string }) => ({ ...old, by: null }),
    },
  },
});

const metadata: EventMetadata = {
  commandId: "6f1d3c1e-52a4-4f4b-9b3a-6d8a2f0c7e11",
  correlationId: "0c1f7a52-3d0e-4a39-8a55-7e1f6f1b9a20",
  causationId: "6f1d3c1e-52a4-4f4b-9b3a-6d8a2f0c7e11",
  actor: "key:warehouse",
  schemaVersion: 3,
  occurredAt: "2026-03-14T10:05:27.413Z",
};
const codec = new EventCodec(events);
const readAs = (schemaVersion: number, data: object, reader = codec) =>
  reader.decode(resolved({ stream: "shelf-7", type: "Shelved", data, metadata: { ...metadata, schemaVersion } }));

test("an event of a newer version is not read as if it were known: the process waits for newer code", () => {
  const data = { sku: "85123A", pieces: 5, shelf: "C", by: null, weight: 3 };
  expect(() => readAs(4, data)).toThrow("version 4 is newer than version 3, which is known here: upgrade");
});

describe("an event of an older version", () => {
  test("is lifted through every version between, one after the other", () => {
    expect(readAs(1, { sku: "85123A", dozens: 2 })?.data).toEqual({ sku: "85123A", pieces: 24, shelf: "A", by: null });
    expect(readAs(2, { sku: "85123A", pieces: 5, shelf: "C" })?.data).toEqual({ sku: "85123A", pieces: 5, shelf: "C", by: null }); // prettier-ignore
  });

  test("keeps saying in which version it was written", () => {
    expect(readAs(1, { sku: "85123A", dozens: 2 })?.metadata.schemaVersion).toBe(1);
  });

  test("of the present version is read as it is", () => {
    const data = { sku: "85123A", pieces: 5, shelf: "C", by: "Ada" };
    expect(readAs(3, data)?.data).toEqual(data);
  });

  test("that nothing lifts is an error that says what is missing", () => {
    const { 1: _, ...upcasters } = events.Shelved.upcasters;
    const gap = new EventCodec({ Shelved: { ...events.Shelved, upcasters } });
    expect(() => readAs(1, { sku: "85123A", dozens: 2 }, gap)).toThrow("no upcaster from version 1 to 2");
  });
});

describe("a release that still writes the version before", () => {
  type Shelf = z.output<typeof shelf>;
  const stillWrites = { version: 2, lower: ({ by: _, ...same }: Shelf) => same };
  const rolling = new EventCodec({ Shelved: { ...events.Shelved, stillWrites } });
  const event = { type: "Shelved", data: { sku: "85123A", pieces: 5, shelf: "C", by: "Ada" } };

  test("writes what older code reads, and goes on with what it will read itself", () => {
    expect(rolling.written(event)).toEqual({
      version: 2,
      data: { sku: "85123A", pieces: 5, shelf: "C" },
      event: { type: "Shelved", data: { sku: "85123A", pieces: 5, shelf: "C", by: null } },
    });
    expect(codec.written(event)).toEqual({ version: 3, data: event.data, event });
  });

  test("reads the present version all the same", () => {
    expect(readAs(3, event.data, rolling)?.data).toEqual(event.data);
  });

  test("cannot do so with personal data, whose marks are the present schema's", () => {
    const schema = z.strictObject({ ...shelf.shape, by: personal(z.string()).nullable() });
    expect(() => new EventCodec({ Shelved: { ...events.Shelved, schema, stillWrites } })).toThrow(
      "Shelved holds personal data: an older version of it cannot be written",
    );
  });
});

describe("a schema that changes", () => {
  const before: EventDefinition = { category: "shelf", version: 1, schema: z.strictObject({ sku, pieces: quantity }) };
  const after = (schema: z.ZodType, version = 1) => schemaComplaint("Shelved", { ...before, schema, version }, fingerprint(before)); // prettier-ignore

  test.each([
    ["a field more", z.strictObject({ sku, pieces: quantity, shelf: z.string() }), "shelf: nothing → "],
    ["a field less", z.strictObject({ sku }), " → nothing"],
    ["a field that may be missing", z.strictObject({ sku, pieces: quantity.optional() }), "required"],
    ["another limit", z.strictObject({ sku, pieces: z.int().min(0).max(1_000_000) }), "pieces minimum: 1 → 0"],
    ["another type", z.strictObject({ sku, pieces: z.string() }), 'pieces type: "integer" → "string"'],
    ["unknown fields let in", z.looseObject({ sku, pieces: quantity }), "additionalProperties"],
  ])("by %s is refused, with what has changed and what to do", (_, schema, change) => {
    const complaint = after(schema);
    expect(complaint).toContain("The schema of Shelved is no longer what version 1 was written with:");
    expect(complaint).toContain(change);
    expect(complaint).toContain("raise its `version` to 2");
    expect(complaint).toContain("upcasters: { 1: (old) => … }");
  });

  test("only in its words, or in the order of its fields, is the same", () => {
    const same = z.strictObject({ pieces: quantity.describe("How many"), sku: sku.meta({ id: "Sku" }) });
    expect(after(same.describe("Put on a shelf"))).toBeUndefined();
  });

  test("with a new version asks for that version's sample", () => {
    const next: EventDefinition = { ...before, version: 2 };
    expect(schemaComplaint("Shelved", next, undefined)).toContain("Version 2 of Shelved is not written down yet. Run");
  });
});
