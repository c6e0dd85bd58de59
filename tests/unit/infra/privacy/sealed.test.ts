import fc from "fast-check";
import { z } from "zod";
import { NOBODY, person, personal, personalShape, type PersonalShape } from "../../../../src/domains/kernel";
import { type PersonKey } from "../../../../src/infra/privacy";
import { saysAnything, sealData } from "../../../../src/infra/privacy/seal";
import {
  parsePerson,
  parseSealed,
  type Place,
  SealBroken,
  sealText,
  unsealText,
} from "../../../../src/infra/privacy/sealed";
import { forgotten, subjectsIn, unseal } from "../../../../src/infra/privacy/unseal";
import { somebody } from "../../../support/person";

const OWNER = "0b3f7c1e-52a4-4f4b-9b3a-6d8a2f0c7e11";
const ada = somebody(OWNER);
const place: Place = { stream: "cart-7", type: "CartEmailSet", path: "email" };
const keyOf = (known: PersonKey) => (subject: string) => (subject === known.subject ? known : undefined);

const places = fc.record({ stream: fc.string(), type: fc.string(), path: fc.string() });

describe("a sealed text", () => {
  test("opens to what was sealed, whatever it is, and shows nothing of it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), places, fc.option(fc.string()), (text, at, gone) => {
        const stored = sealText(text, gone, ada.subject, ada.key, at);
        const sealed = parseSealed(stored);
        expect(sealed).toMatchObject({ subject: ada.subject, forgotten: gone });
        expect(sealed && unsealText(sealed, ada.key, at)).toBe(text);
        if (text.length > 4 && !(gone ?? "").includes(text)) expect(stored).not.toContain(text);
      }),
    );
  });

  test("is another each time", () => {
    const texts = Array.from({ length: 100 }, () => sealText("same", null, ada.subject, ada.key, place));
    expect(new Set(texts).size).toBe(100);
  });

  test("is refused at any other place than its own", () => {
    fc.assert(
      fc.property(places, places, (own, other) => {
        fc.pre(`${own.stream}\n${own.type}\n${own.path}` !== `${other.stream}\n${other.type}\n${other.path}`);
        const sealed = parseSealed(sealText("secret", null, ada.subject, ada.key, own));
        expect(() => sealed && unsealText(sealed, ada.key, other)).toThrow(SealBroken);
      }),
    );
  });

  test("is refused when any of it was changed, and under another key", () => {
    const stored = sealText("ada@example.org", "forgotten@person.invalid", ada.subject, ada.key, place);
    for (let at = "sealed:1:".length; at < stored.length; at++) {
      if (stored[at] === ":") continue;
      const letter = stored[at] === "A" ? "B" : "A";
      const changed = parseSealed(stored.slice(0, at) + letter + stored.slice(at + 1));
      if (!changed) continue;
      // Unused bits of the last letter of base64 say nothing.
      const { head, body, forgotten: gone } = parseSealed(stored) ?? changed;
      if (changed.head.equals(head) && changed.body.equals(body) && changed.forgotten === gone) continue;
      expect(() => unsealText(changed, ada.key)).toThrow(SealBroken);
    }
    const sealed = parseSealed(stored);
    expect(() => sealed && unsealText(sealed, somebody(OWNER).key)).toThrow(SealBroken);
  });

  test("whatever else a text says, it is not taken for sealed, and reading it fails of nothing", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `sealed:1:${text}`),
          fc.string().map((text) => `person:1:${text}`),
        ),
        (text) => {
          expect(() => [parseSealed(text), parsePerson(text), subjectsIn(text), forgotten(text)]).not.toThrow();
        },
      ),
    );
  });
});

const schema = z.strictObject({
  owner: person(z.uuid()),
  email: personal(z.email().nullable(), { forgotten: null }),
  address: personal(z.strictObject({ name: z.string(), city: z.string().optional(), country: z.string() }), {
    forgotten: { name: "forgotten" },
    keep: ["country"],
  }).optional(),
  notes: z.array(z.strictObject({ text: personal(z.string()), at: z.int() })),
  by: z.record(z.string(), personal(z.string())),
  total: z.string(),
});
const shape = personalShape(schema) as PersonalShape;
const data = {
  owner: OWNER,
  email: "ada@example.org",
  address: { name: "Ada", city: "London", country: "GB" },
  notes: [{ text: "rings twice", at: 1 }],
  by: { phone: "020 7946" },
  total: "10.00",
};
const at: Place = { stream: "cart-7", type: "Test", path: "" };
const seal = (value: unknown, key: PersonKey | null = ada, findable: string[] = []) =>
  sealData(value, shape, { key, findable: (text) => findable.push(text) }, at);

describe("an event's data", () => {
  test("opens to what it was, with its place checked or not; what is not personal stays as it is", () => {
    const stored = seal(data);
    expect(stored).toMatchObject({ total: "10.00", notes: [{ at: 1 }], address: { name: "forgotten", country: "GB" } });
    const text = JSON.stringify(stored);
    for (const word of ["ada@", "Ada", "London", "rings", "7946", OWNER]) expect(text).not.toContain(word);
    expect(unseal(stored, keyOf(ada), at)).toEqual(data);
    expect(unseal(stored, keyOf(ada))).toEqual(data);
    expect([...subjectsIn(stored)]).toEqual([ada.subject]);
  });

  test("reads as forgotten without the key, in a form that its schema takes", () => {
    const gone = {
      owner: NOBODY,
      email: null,
      address: { name: "forgotten", country: "GB" },
      notes: [{ text: "forgotten", at: 1 }],
      by: { phone: "forgotten" },
      total: "10.00",
    };
    expect(forgotten(seal(data))).toEqual(gone);
    expect(schema.parse(gone)).toEqual(gone);
    // What is written of somebody who is forgotten already is the same, and says nothing.
    expect(seal(data, null)).toEqual(gone);
    expect([saysAnything(data, shape), saysAnything(gone, shape)]).toEqual([true, false]);
    // Written again, it stays as it is.
    expect(seal(gone)).toEqual(gone);
  });

  test("moved within its event, it is refused", () => {
    const stored = seal(data) as typeof data;
    const moved = { ...stored, notes: [{ text: stored.by.phone, at: 1 }] };
    expect(() => unseal(moved, keyOf(ada), at)).toThrow("sealed for another place");
    expect(() => unseal(stored, keyOf(ada), { ...at, stream: "cart-8" })).toThrow("sealed for another place");
  });

  test("equal persons stay equal, other values do not", () => {
    const [one, two] = [seal(data) as typeof data, seal(data) as typeof data];
    expect(one.owner).toBe(two.owner);
    expect(one.email).not.toBe(two.email);
  });

  test("the same object where nothing in it is sealed", () => {
    const plain = { lines: [{ sku: "85123A" }], at: new Date(0), none: null };
    expect(unseal(plain, keyOf(ada))).toBe(plain);
  });
});
