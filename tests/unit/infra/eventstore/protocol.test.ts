import * as fc from "fast-check";
import { MalformedMessage, ProtoReader } from "../../../../src/infra/bundled/eventstore/wire/proto-reader";
import { encode, putVarint, varintSize } from "../../../../src/infra/bundled/eventstore/wire/proto-writer";
import {
  parseUuid,
  readUuid,
  uuidMessage,
  uuidStructured,
  uuidText,
} from "../../../../src/infra/bundled/eventstore/wire/uuid";
import { readProposed } from "../../../../src/infra/bundled/eventstore/handlers/proposed";
import { readReadRequest } from "../../../../src/infra/bundled/eventstore/handlers/read-request";
import { readGroupRequest } from "../../../../src/infra/bundled/eventstore/handlers/persistent-requests";
import { GrpcError } from "../../../../src/infra/bundled/eventstore/transport/status";

describe("protobuf messages", () => {
  it("read as they were written", () => {
    const field = fc.integer({ min: 1, max: 5000 });
    const value = fc.oneof(
      fc.maxSafeNat(),
      fc.string(),
      fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(field, value), { maxLength: 30 }), (fields) => {
        const message = encode((w) => {
          for (const [number, content] of fields) {
            if (typeof content === "number") w.varint(number, content);
            else if (typeof content === "string") w.string(number, content);
            else w.bytes(number, content);
          }
        });
        const reader = new ProtoReader(message);
        for (const [number, content] of fields) {
          expect(reader.next()).toBe(true);
          expect(reader.field).toBe(number);
          if (typeof content === "number") expect(reader.varint()).toBe(content);
          else if (typeof content === "string") expect(reader.string()).toBe(content);
          else expect(reader.bytes().equals(content)).toBe(true);
        }
        expect(reader.next()).toBe(false);
      }),
    );
  });

  it("say how long their numbers are", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const buffer = Buffer.alloc(16);
        expect(putVarint(buffer, 0, value)).toBe(varintSize(value));
        expect(new ProtoReader(buffer).varint()).toBe(value);
      }),
    );
  });

  it("that are none end in an error of the client's, whatever the bytes", () => {
    const readers = [
      (bytes: Buffer) => readProposed(new ProtoReader(bytes)),
      (bytes: Buffer) => readReadRequest(bytes),
      (bytes: Buffer) => readGroupRequest(bytes),
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...readers), (bytes, read) => {
        try {
          read(Buffer.from(bytes));
        } catch (error) {
          expect(error instanceof MalformedMessage || error instanceof GrpcError).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("carry ids in both of their forms", () => {
    fc.assert(
      fc.property(fc.uuid(), (text) => {
        const id = parseUuid(text);
        expect(uuidText(id)).toBe(text);
        expect(readUuid(new ProtoReader(uuidMessage(id))).equals(id)).toBe(true);
        expect(readUuid(new ProtoReader(uuidStructured(id))).equals(id)).toBe(true);
      }),
    );
  });
});
