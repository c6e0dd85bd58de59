import { type CategoryEvent } from "../../domains/catalog/events";
import { type Projection } from "../../domains/kernel";

/** The whole tree in one document: some hundred nodes that every page shows and that seldom change. */
export interface CategoryTree {
  readonly _id: typeof TREE;
  readonly nodes: Readonly<Record<string, CategoryNode>>;
}

export interface CategoryNode {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly parentId: string | null;
  readonly position: number;
}

export interface CategoryBranch extends CategoryNode {
  readonly children: readonly CategoryBranch[];
}

/** The `_id` of the one document. */
export const TREE = "tree";

export const categories: Projection<CategoryTree, CategoryEvent> = {
  name: "categories",
  context: "storefront",
  version: 1,
  independent: true,
  events: ["CategoryCreated", "CategoryRenamed", "CategorySlugChanged", "CategoryMoved", "CategoryRemoved"],
  ids: () => [TREE],
  sources: ({ nodes }) => Object.keys(nodes).map((id) => `category-${id}`),
  apply(tree, event) {
    const { [event.data.categoryId]: known, ...others } = tree?.nodes ?? {};
    const node = nodeAfter(known, event);
    return { _id: TREE, nodes: node === undefined ? others : { ...others, [node.id]: node } };
  },
};

function nodeAfter(node: CategoryNode | undefined, { type, data }: CategoryEvent): CategoryNode | undefined {
  switch (type) {
    case "CategoryCreated": {
      const { categoryId: id, name, slug, parentId, position } = data;
      return { id, name, slug, parentId, position };
    }
    case "CategoryRenamed":
      return node && { ...node, name: data.name };
    case "CategorySlugChanged":
      return node && { ...node, slug: data.slug };
    case "CategoryMoved":
      return node && { ...node, parentId: data.parentId, position: data.position };
    case "CategoryRemoved":
      return undefined;
  }
}

/** The roots with all below them, siblings by position, then name. What lost its parent in a race is a root. */
export function categoryForest({ nodes }: CategoryTree): CategoryBranch[] {
  const children = childrenByParent(nodes);
  const branch = (node: CategoryNode): CategoryBranch => ({
    ...node,
    children: (children.get(node.id) ?? []).map(branch),
  });
  return (children.get(null) ?? []).map(branch);
}

/** The category's own id and those of all below it; empty where there is no such category. */
export function subtreeIds({ nodes }: CategoryTree, id: string): string[] {
  if (nodes[id] === undefined) return [];
  const children = childrenByParent(nodes);
  const found = new Set([id]);
  for (const next of found) for (const child of children.get(next) ?? []) found.add(child.id);
  return [...found];
}

function childrenByParent(nodes: CategoryTree["nodes"]): Map<string | null, CategoryNode[]> {
  const ordered = Object.values(nodes).sort((a, b) => a.position - b.position || a.name.localeCompare(b.name, "en"));
  const children = new Map<string | null, CategoryNode[]>();
  for (const node of ordered) {
    const parentId = node.parentId !== null && nodes[node.parentId] ? node.parentId : null;
    const siblings = children.get(parentId);
    if (siblings) siblings.push(node);
    else children.set(parentId, [node]);
  }
  return children;
}
