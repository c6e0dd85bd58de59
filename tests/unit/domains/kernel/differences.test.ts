import fc from "fast-check";
import { type Difference, differences, sameValue } from "../../../../src/domains/kernel";

test.each<[string, unknown, unknown, Difference[]]>([
  ["the same", { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ["a field", { a: 1, b: 2 }, { a: 1, b: 3 }, [{ path: "/b", was: 2, now: 3 }]],
  ["a field added", {}, { a: null }, [{ path: "/a", now: null }]],
  ["a field removed", { a: false }, {}, [{ path: "/a", was: false }]],
  ["an item changed", { a: [1, 2] }, { a: [1, 3] }, [{ path: "/a/1", was: 2, now: 3 }]],
  ["an item added", [1], [1, { b: 2 }], [{ path: "/1", now: { b: 2 } }]],
  ["an item removed", [1, 2], [1], [{ path: "/1", was: 2 }]],
  ["another kind", { a: [1] }, { a: { 0: 1 } }, [{ path: "/a", was: [1], now: { 0: 1 } }]],
  ["something out of nothing", null, { a: 1 }, [{ path: "", was: null, now: { a: 1 } }]],
  ["text and number", { a: "1" }, { a: 1 }, [{ path: "/a", was: "1", now: 1 }]],
  ["names that a pointer escapes", { "a/b~c": 1 }, { "a/b~c": 2 }, [{ path: "/a~1b~0c", was: 1, now: 2 }]],
  ["the order of fields", { a: 1, b: 2 }, { b: 2, a: 1 }, []],
  ["a field that is undefined", { a: 1, b: undefined }, { a: 1 }, []],
])("%s", (_, was, now, expected) => {
  expect(differences(was, now)).toEqual(expected);
  expect(sameValue(was, now)).toBe(expected.length === 0);
});

test("ends after as many as are wanted", () => {
  expect(differences({ a: 1, b: 2, c: 3 }, {}, 2).map(({ path }) => path)).toEqual(["/a", "/b"]);
});

/** What the differences say, done to the first value. */
function apply(was: unknown, changes: readonly Difference[]): unknown {
  const root = { value: structuredClone(was) };
  // Items that go are taken from the end, so that the places of the others stay.
  for (const { path, ...change } of changes.toReversed().toSorted((a, b) => Number("now" in b) - Number("now" in a))) {
    const names = path.split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    names[0] = "value";
    const last = names.pop() ?? "";
    let at: Record<string, unknown> = root;
    for (const name of names) at = at[name] as Record<string, unknown>;
    if ("now" in change)
      Object.defineProperty(at, last, { value: change.now, enumerable: true, configurable: true, writable: true }); // prettier-ignore
    else if (Array.isArray(at)) at.splice(Number(last), 1);
    else Reflect.deleteProperty(at, last);
  }
  return root.value;
}

const json = fc.jsonValue({ noUnicodeString: false }).map((value): unknown => JSON.parse(JSON.stringify(value)));

test("done to the first value, they give the second; none for the same value", () => {
  fc.assert(
    fc.property(json, json, (was, now) => {
      expect(apply(was, differences(was, now))).toEqual(now);
      expect(differences(was, structuredClone(was))).toEqual([]);
      expect(sameValue(was, now)).toBe(differences(was, now).length === 0);
    }),
  );
});
