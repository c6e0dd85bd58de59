import { type CategoryDocument } from "../../projections/catalog";

export interface Branch {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly parentId: string | null;
  readonly position: number;
  readonly revision: number;
  readonly children: readonly Branch[];
}

/**
 * The categories as a tree, siblings by position, then name. Every category is in it once: those whose parent is gone
 * are roots, and a ring that two moves at once have closed is opened somewhere, so that it can be seen and mended.
 */
export function treeOf(documents: readonly CategoryDocument[]): readonly Branch[] {
  const ids = new Set(documents.map(({ _id }) => _id));
  const below = new Map<string | null, CategoryDocument[]>();
  for (const document of documents.toSorted(bySiblingOrder)) {
    const parent = document.parentId !== null && ids.has(document.parentId) ? document.parentId : null;
    const siblings = below.get(parent);
    if (siblings) siblings.push(document);
    else below.set(parent, [document]);
  }
  const shown = new Set<string>();
  const branch = ({ _id: id, name, slug, parentId, position, revision }: CategoryDocument): Branch[] => {
    if (shown.has(id)) return [];
    shown.add(id);
    const children = (below.get(id) ?? []).flatMap(branch);
    return [{ id, name, slug, parentId, position, revision, children }];
  };
  return [...(below.get(null) ?? []), ...documents].flatMap(branch);
}

const bySiblingOrder = (a: CategoryDocument, b: CategoryDocument): number =>
  a.position - b.position || a.name.localeCompare(b.name) || (a._id < b._id ? -1 : 1);
