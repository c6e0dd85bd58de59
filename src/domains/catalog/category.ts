import {
  type Aggregate,
  type CategoryId,
  conflict,
  type Decision,
  notFound,
  type Slug,
  type Timestamp,
} from "../kernel";
import { type CategoryEvent } from "./events";

/** One node of the category tree; its parent `null`: a root. */
export type CategoryState =
  | { readonly status: "absent" }
  | { readonly status: "removed" }
  | {
      readonly status: "present";
      readonly name: string;
      readonly slug: Slug;
      readonly parentId: CategoryId | null;
      readonly position: number;
    };
type Present = Extract<CategoryState, { status: "present" }>;

interface To<Type extends string> {
  readonly type: Type;
  readonly at: Timestamp;
  readonly categoryId: CategoryId;
}

/** The slug must have been claimed for the category before (`claim.ts`). */
export interface CreateCategory extends To<"CreateCategory"> {
  readonly name: string;
  readonly slug: Slug;
  readonly parentId: CategoryId | null;
  readonly position: number;
}
export interface RenameCategory extends To<"RenameCategory"> {
  readonly name: string;
}
export interface ChangeCategorySlug extends To<"ChangeCategorySlug"> {
  readonly slug: Slug;
}
export interface MoveCategory extends To<"MoveCategory"> {
  readonly parentId: CategoryId | null;
  readonly position: number;
  /** The new parent's own ancestors, as the tree shows them. */
  readonly parentAncestors: readonly CategoryId[];
}
export interface RemoveCategory extends To<"RemoveCategory"> {
  /** As the tree shows it. */
  readonly hasChildren: boolean;
}
export type CategoryCommand = CreateCategory | RenameCategory | ChangeCategorySlug | MoveCategory | RemoveCategory;

export const category: Aggregate<CategoryCommand, CategoryEvent, CategoryState> = {
  category: "category",
  initialState: { status: "absent" },
  decide(command, state) {
    if (command.type === "CreateCategory") return create(command, state);
    if (command.type === "RemoveCategory" && state.status === "removed") return [];
    if (state.status !== "present") {
      return notFound("category-not-found", `There is no category ${command.categoryId}.`);
    }
    switch (command.type) {
      case "RenameCategory":
        return rename(command, state);
      case "ChangeCategorySlug":
        return changeSlug(command, state);
      case "MoveCategory":
        return move(command, state);
      case "RemoveCategory":
        return removeCategory(command);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case "CategoryCreated": {
        const { categoryId: _, ...content } = event.data;
        return { status: "present", ...content };
      }
      case "CategoryRenamed":
        return revised(state, { name: event.data.name });
      case "CategorySlugChanged":
        return revised(state, { slug: event.data.slug });
      case "CategoryMoved":
        return revised(state, { parentId: event.data.parentId, position: event.data.position });
      case "CategoryRemoved":
        return { status: "removed" };
    }
  },
};

const revised = (state: CategoryState, changes: Partial<Present>): CategoryState =>
  state.status === "present" ? { ...state, ...changes } : state;

function create(command: CreateCategory, state: CategoryState): Decision<CategoryEvent> {
  const { categoryId, name, slug, parentId, position } = command;
  if (state.status !== "absent") return conflict("category-exists", `Category ${categoryId} was created before.`);
  return [{ type: "CategoryCreated", data: { categoryId, name, slug, parentId, position } }];
}

function rename({ categoryId, name }: RenameCategory, state: Present): Decision<CategoryEvent> {
  return name === state.name ? [] : [{ type: "CategoryRenamed", data: { categoryId, name } }];
}

function changeSlug({ categoryId, slug }: ChangeCategorySlug, state: Present): Decision<CategoryEvent> {
  if (slug === state.slug) return [];
  return [{ type: "CategorySlugChanged", data: { categoryId, slug, previousSlug: state.slug } }];
}

/**
 * A category cannot come to lie within itself. Two moves at the same time can still close a ring that neither saw;
 * readers of the tree must therefore stop at a category they have already passed.
 */
function move(command: MoveCategory, state: Present): Decision<CategoryEvent> {
  const { categoryId, parentId, position, parentAncestors } = command;
  if (parentId === state.parentId && position === state.position) return [];
  if (parentId === categoryId || parentAncestors.includes(categoryId)) {
    return conflict("category-cycle", "A category cannot be moved into itself or one of its own subcategories.", {
      field: "parentId",
    });
  }
  return [{ type: "CategoryMoved", data: { categoryId, parentId, position } }];
}

/** Products keep naming a removed category; it just no longer shows. */
function removeCategory({ categoryId, hasChildren }: RemoveCategory): Decision<CategoryEvent> {
  if (hasChildren) return conflict("category-not-empty", "Move or remove its subcategories first.", { categoryId });
  return [{ type: "CategoryRemoved", data: { categoryId } }];
}
