import { category, type CategoryCommand, type CategoryEvent } from "../../../../src/domains/catalog";
import { type CategoryId, type Slug, type Timestamp } from "../../../../src/domains/kernel";
import { spec } from "../../../support/spec";

const at = "2026-01-01T00:00:00.000Z" as Timestamp;
const categoryId = "7d1a9a70-52f0-4b65-a0b5-5f5f24f1c0aa" as CategoryId;
const parent = "10a8a4f4-9a02-45a5-8bd7-3f3b57e8a0bb" as CategoryId;
const root = "20a8a4f4-9a02-45a5-8bd7-3f3b57e8a0cc" as CategoryId;

const content = { categoryId, name: "Candles", slug: "candles" as Slug, parentId: null, position: 1 };
const create: CategoryCommand = { type: "CreateCategory", at, ...content };
const created: CategoryEvent = { type: "CategoryCreated", data: content };
const move = (parentId: CategoryId | null, parentAncestors: CategoryId[], position = 1): CategoryCommand => ({
  type: "MoveCategory",
  at,
  categoryId,
  parentId,
  position,
  parentAncestors,
});
const remove = (hasChildren: boolean): CategoryCommand => ({ type: "RemoveCategory", at, categoryId, hasChildren });
const removed: CategoryEvent = { type: "CategoryRemoved", data: { categoryId } };

describe("category", () => {
  it("is created once", () => {
    spec(category).when(create).then(created);
    spec(category).given(created).when(create).thenRefused("category-exists");
    spec(category).given(created, removed).when(create).thenRefused("category-exists");
  });

  it("gets another name or slug", () => {
    const rename = (name: string): CategoryCommand => ({ type: "RenameCategory", at, categoryId, name });
    spec(category)
      .given(created)
      .when(rename("Lights"))
      .then({
        type: "CategoryRenamed",
        data: { categoryId, name: "Lights" },
      });
    spec(category).given(created).when(rename("Candles")).then();
    const slug = "lights" as Slug;
    spec(category)
      .given(created)
      .when({ type: "ChangeCategorySlug", at, categoryId, slug })
      .then({
        type: "CategorySlugChanged",
        data: { categoryId, slug, previousSlug: content.slug },
      });
  });

  it("moves below another, or among its siblings", () => {
    const moved: CategoryEvent = { type: "CategoryMoved", data: { categoryId, parentId: parent, position: 1 } };
    spec(category)
      .given(created)
      .when(move(parent, [root]))
      .then(moved);
    spec(category)
      .given(created, moved)
      .when(move(parent, [root]))
      .then();
    spec(category)
      .given(created, moved)
      .when(move(parent, [root], 2))
      .thenTypes("CategoryMoved");
    spec(category).given(created, moved).when(move(null, [])).thenTypes("CategoryMoved");
  });

  it("does not move into itself", () => {
    spec(category).given(created).when(move(categoryId, [])).thenRefused("category-cycle");
    spec(category)
      .given(created)
      .when(move(parent, [categoryId, root]))
      .thenRefused("category-cycle");
  });

  it("is removed when nothing lies below it, once", () => {
    spec(category).given(created).when(remove(true)).thenRefused("category-not-empty");
    spec(category).given(created).when(remove(false)).then(removed);
    spec(category).given(created, removed).when(remove(false)).then();
    spec(category).given(created, removed).when(move(parent, [])).thenRefused("category-not-found");
    spec(category).when(remove(false)).thenRefused("category-not-found");
  });
});
