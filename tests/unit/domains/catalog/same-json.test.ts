import fc from "fast-check";
import { sameJson } from "../../../../src/domains/catalog/same-json";

/** The same value with the fields of every object the other way round. */
const turned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, turned(inner)]),
  );
};
const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

describe("same JSON", () => {
  it("does not mind the order of fields", () => {
    fc.assert(fc.property(json, (value) => sameJson(value, turned(value))));
  });
  it("is what JSON text says of values written alike", () => {
    fc.assert(fc.property(json, json, (a, b) => sameJson(a, b) || JSON.stringify(a) !== JSON.stringify(b)));
  });
  it.each([
    [{ a: 1 }, { a: 1, b: 2 }],
    [
      [1, 2],
      [2, 1],
    ],
    [[], {}],
    [null, {}],
    ["1", 1],
  ])("tells %j from %j", (a, b) => {
    expect(sameJson(a, b)).toBe(false);
    expect(sameJson(b, a)).toBe(false);
  });
});
