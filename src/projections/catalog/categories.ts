import { type CategoryEvent } from "../../domains/catalog/events";
import { type Lookup, type Projection } from "../../domains/kernel";

/** A node of the category tree. */
export interface CategoryDocument {
  /** The category's id. */
  readonly _id: string;
  readonly name: string;
  readonly slug: string;
  readonly parentId: string | null;
  /** Its ancestors from the root down to its parent. */
  readonly path: readonly string[];
  /** Its subcategories, in no particular order: show them by `position`, then name. */
  readonly children: readonly string[];
  readonly position: number;
  /** Revision of the category's stream. */
  readonly revision: number;
}

/** A parent is created before its children: the API accepts only parents that this read model knows. */
export const categories: Projection<CategoryDocument, CategoryEvent> = {
  name: "categories",
  context: "catalog",
  version: 1,
  events: ["CategoryCreated", "CategoryRenamed", "CategorySlugChanged", "CategoryMoved", "CategoryRemoved"],
  indexes: [{ key: { slug: 1 } }, { key: { parentId: 1, position: 1 } }, { key: { path: 1 } }],
  /** The parents before the category itself, and that before its descendants, whose paths follow from it. */
  ids(event, lookup) {
    const { categoryId } = event.data;
    const oldParent = lookup(categoryId)?.parentId ?? null;
    switch (event.type) {
      case "CategoryCreated":
        return present(event.data.parentId, categoryId);
      case "CategoryRenamed":
      case "CategorySlugChanged":
        return [categoryId];
      case "CategoryMoved":
        return [...new Set([...present(oldParent, event.data.parentId), ...withDescendants(categoryId, lookup)])];
      case "CategoryRemoved":
        return present(oldParent, categoryId);
    }
  },
  sources: ({ _id, path, children }) => [_id, ...path, ...children].map((id) => `category-${id}`),
  apply(document, event, id, lookup) {
    if (id === event.data.categoryId) return self(document, event, lookup);
    if (document === undefined) return undefined;
    const path = pathBelow(document.parentId, id, lookup);
    return { ...document, path, children: childrenAfter(document, event) };
  },
};

type Heard = Parameters<typeof categories.apply>[1];

function self(document: CategoryDocument | undefined, event: Heard, lookup: Lookup<CategoryDocument>) {
  const { revision } = event;
  if (event.type === "CategoryCreated") {
    const { categoryId, name, slug, parentId, position } = event.data;
    const path = pathBelow(parentId, categoryId, lookup);
    return { _id: categoryId, name, slug, parentId, path, children: [], position, revision };
  }
  if (document === undefined) return undefined;
  switch (event.type) {
    case "CategoryRenamed":
      return { ...document, name: event.data.name, revision };
    case "CategorySlugChanged":
      return { ...document, slug: event.data.slug, revision };
    case "CategoryMoved": {
      const { parentId, position } = event.data;
      return { ...document, parentId, position, path: pathBelow(parentId, document._id, lookup), revision };
    }
    case "CategoryRemoved":
      return undefined;
  }
}

function childrenAfter({ _id, children }: CategoryDocument, event: Heard): readonly string[] {
  const { categoryId } = event.data;
  const others = children.filter((child) => child !== categoryId);
  switch (event.type) {
    case "CategoryCreated":
      return [...others, categoryId];
    case "CategoryMoved":
      return event.data.parentId === _id ? [...others, categoryId] : others;
    case "CategoryRemoved":
      return others;
    default:
      return children;
  }
}

/** Never through the category itself, and through no other twice: moves that raced may have closed a ring. */
function pathBelow(parentId: string | null, id: string, lookup: Lookup<CategoryDocument>): string[] {
  if (parentId === null) return [];
  const path = new Set([...(lookup(parentId)?.path ?? []), parentId]);
  path.delete(id);
  return [...path];
}

function withDescendants(id: string, lookup: Lookup<CategoryDocument>): string[] {
  const found = new Set([id]);
  for (const next of found) for (const child of lookup(next)?.children ?? []) found.add(child);
  return [...found];
}

const present = (...ids: readonly (string | null)[]): string[] => ids.filter((id) => id !== null);
