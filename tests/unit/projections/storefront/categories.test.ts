import { type CategoryEvent } from "../../../../src/domains/catalog";
import { type CategoryId, type Slug } from "../../../../src/domains/kernel";
import {
  categories,
  categoryForest,
  type CategoryTree,
  subtreeIds,
  TREE,
} from "../../../../src/projections/storefront";
import { log, project } from "../../../support/fold";

const id = (name: string) => name as CategoryId;
const parent = (name: string | null) => (name === null ? null : id(name));
type Entry = [string, CategoryEvent];
const created = (name: string, below: string | null, position: number): Entry => [
  `category-${name}`,
  {
    type: "CategoryCreated",
    data: { categoryId: id(name), name, slug: name as Slug, parentId: parent(below), position },
  },
];
const moved = (name: string, below: string | null): Entry => [
  `category-${name}`,
  { type: "CategoryMoved", data: { categoryId: id(name), parentId: parent(below), position: 0 } },
];
const removed = (name: string): Entry => [
  `category-${name}`,
  { type: "CategoryRemoved", data: { categoryId: id(name) } },
];

const tree = (...entries: Entry[]): CategoryTree => {
  const found = project(categories, log(...entries)).get(TREE);
  if (!found) throw new Error("no tree");
  return found;
};

const history = [
  created("garden", null, 2),
  created("home", null, 1),
  created("lamps", "home", 1),
  created("candles", "home", 1),
  created("tealights", "candles", 0),
];

describe("the storefront's category tree", () => {
  it("shows roots and children in their order", () => {
    expect(categoryForest(tree(...history))).toMatchObject([
      {
        id: "home",
        children: [
          { id: "candles", children: [{ id: "tealights" }] },
          { id: "lamps", children: [] },
        ],
      },
      { id: "garden", children: [] },
    ]);
  });

  it("follows changes", () => {
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
    const changed = tree(...history, renamed, slug, moved("lamps", null), removed("garden"));
    expect(changed.nodes["home"]).toEqual({ id: "home", name: "House", slug: "house", parentId: null, position: 1 });
    expect(categoryForest(changed).map((root) => root.id)).toEqual(["lamps", "home"]);
  });

  it("names all that lies below a category", () => {
    expect(subtreeIds(tree(...history), "home")).toEqual(["home", "candles", "lamps", "tealights"]);
    expect(subtreeIds(tree(...history), "garden")).toEqual(["garden"]);
    expect(subtreeIds(tree(...history), "none")).toEqual([]);
  });

  it("ends also where moves or removals raced", () => {
    const ring = tree(...history, moved("home", "candles"));
    expect(categoryForest(ring).map((root) => root.id)).toEqual(["garden"]);
    expect(subtreeIds(ring, "home").sort()).toEqual(["candles", "home", "lamps", "tealights"]);
    const orphan = tree(...history, removed("candles"));
    expect(categoryForest(orphan).map((root) => root.id)).toEqual(["tealights", "home", "garden"]);
  });
});
