import fc from "fast-check";
import { type CategoryEvent } from "../../../../src/domains/catalog";
import { type CategoryId, type Slug } from "../../../../src/domains/kernel";
import { categories } from "../../../../src/projections/catalog";
import { log, project } from "../../../support/fold";

const id = (name: string) => name as CategoryId;
const parent = (name: string | null) => (name === null ? null : id(name));
type Entry = [string, CategoryEvent];

const created = (name: string, below: string | null = null): Entry => [
  `category-${name}`,
  {
    type: "CategoryCreated",
    data: { categoryId: id(name), name, slug: name as Slug, parentId: parent(below), position: 0 },
  },
];
const moved = (name: string, below: string | null, position = 0): Entry => [
  `category-${name}`,
  { type: "CategoryMoved", data: { categoryId: id(name), parentId: parent(below), position } },
];
const removed = (name: string): Entry => [
  `category-${name}`,
  { type: "CategoryRemoved", data: { categoryId: id(name) } },
];

const tree = (...entries: Entry[]) => {
  const documents = project(categories, log(...entries));
  return Object.fromEntries([...documents.values()].map(({ _id, path, children }) => [_id, { path, children }]));
};

describe("category tree", () => {
  const history = [created("home"), created("garden"), created("lights", "home"), created("candles", "lights")];

  it("knows the way from the root to each category", () => {
    expect(tree(...history)).toEqual({
      home: { path: [], children: ["lights"] },
      garden: { path: [], children: [] },
      lights: { path: ["home"], children: ["candles"] },
      candles: { path: ["home", "lights"], children: [] },
    });
  });

  it("changes the way to all below a category that moves", () => {
    expect(tree(...history, moved("lights", "garden"))).toEqual({
      home: { path: [], children: [] },
      garden: { path: [], children: ["lights"] },
      lights: { path: ["garden"], children: ["candles"] },
      candles: { path: ["garden", "lights"], children: [] },
    });
    expect(tree(...history, moved("lights", null))["candles"]).toEqual({ path: ["lights"], children: [] });
  });

  it("forgets a removed category", () => {
    expect(tree(...history, removed("candles"))).toEqual(tree(...history.slice(0, 3)));
  });

  it("keeps name, slug, position and revision", () => {
    const renamed: Entry = [
      "category-home",
      { type: "CategoryRenamed", data: { categoryId: id("home"), name: "House" } },
    ];
    const slug: Entry = [
      "category-home",
      {
        type: "CategorySlugChanged",
        data: { categoryId: id("home"), slug: "house" as Slug, previousSlug: "home" as Slug },
      },
    ];
    expect(project(categories, log(...history, renamed, slug, moved("home", null, 7))).get("home")).toEqual({
      _id: "home",
      name: "House",
      slug: "house",
      parentId: null,
      path: [],
      children: ["lights"],
      position: 7,
      revision: 3,
    });
  });

  it("survives two moves that raced into a ring", () => {
    const ring = tree(created("a"), created("b"), created("c", "a"), moved("a", "b"), moved("b", "a"));
    for (const [name, { path }] of Object.entries(ring)) {
      expect(path).not.toContain(name);
      expect(new Set(path).size).toBe(path.length);
    }
  });

  it("after any moves within the rules, every path leads up the parents to a root", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const move = fc.tuple(fc.constantFrom(...names), fc.option(fc.constantFrom(...names)));
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        const parents = new Map<string, string | null>(names.map((name) => [name, null]));
        const pathOf = (name: string): string[] => {
          const above = parents.get(name) ?? null;
          return above === null ? [] : [...pathOf(above), above];
        };
        const entries = names.map((name) => created(name));
        for (const [name, below] of moves) {
          if (below !== null && (below === name || pathOf(below).includes(name))) continue;
          parents.set(name, below);
          entries.push(moved(name, below));
        }
        const documents = tree(...entries);
        for (const name of names) {
          expect(documents[name]?.path).toEqual(pathOf(name));
          const children = names.filter((child) => parents.get(child) === name);
          expect([...(documents[name]?.children ?? [])].sort()).toEqual(children);
        }
      }),
    );
  });
});
