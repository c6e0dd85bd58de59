/**
 * A map that is never changed: `put` and `remove` answer a new one that shares all but a handful of small arrays with
 * the old (a hash trie, 16 children a branch). For aggregate states with thousands of entries: folding an event costs
 * the same whether ten or a hundred thousand are in it. Plain JSON, so that a state holding one can be kept as a
 * snapshot.
 */
export interface HashTrie<V> {
  readonly size: number;
  readonly root: Node<V>;
}

type Node<V> = null | Leaf<V> | Branch<V>;
/** Entries whose keys have one and the same hash. */
interface Leaf<V> {
  readonly hash: number;
  readonly entries: readonly (readonly [key: string, value: V])[];
}
interface Branch<V> {
  readonly children: readonly Node<V>[];
}

const BITS = 4;
const WIDTH = 1 << BITS;
const NO_CHILDREN: readonly Node<never>[] = Array.from({ length: WIDTH }, () => null);

export const empty: HashTrie<never> = { size: 0, root: null };

/** A map of entries with different keys, in a fraction of the time that putting them in takes. */
export function from<V>(entries: readonly (readonly [key: string, value: V])[]): HashTrie<V> {
  const leaves = new Map<number, Leaf<V>>();
  for (const entry of entries) {
    const hash = hashOf(entry[0]);
    leaves.set(hash, { hash, entries: [...(leaves.get(hash)?.entries ?? []), entry] });
  }
  return { size: entries.length, root: grown([...leaves.values()], 0) };
}

function grown<V>(leaves: readonly Leaf<V>[], shift: number): Node<V> {
  if (leaves.length <= 1) return leaves[0] ?? null;
  const groups = Array.from({ length: WIDTH }, (): Leaf<V>[] => []);
  for (const leaf of leaves) groups[slot(leaf.hash, shift)]?.push(leaf);
  return { children: groups.map((group) => grown(group, shift + BITS)) };
}

export function get<V>(map: HashTrie<V>, key: string): V | undefined {
  const hash = hashOf(key);
  let node = map.root;
  for (let shift = 0; node !== null && isBranch(node); shift += BITS) node = node.children[slot(hash, shift)] ?? null;
  return node?.entries.find(([known]) => known === key)?.[1];
}

export function put<V>(map: HashTrie<V>, key: string, value: V): HashTrie<V> {
  const size = get(map, key) === undefined ? map.size + 1 : map.size;
  return { size, root: insert(map.root, 0, { hash: hashOf(key), entries: [[key, value]] }) };
}

export function remove<V>(map: HashTrie<V>, key: string): HashTrie<V> {
  if (get(map, key) === undefined) return map;
  return { size: map.size - 1, root: without(map.root, 0, hashOf(key), key) };
}

/** Every entry, in an order that depends on the keys alone. */
export function* entries<V>(map: HashTrie<V>): Generator<readonly [key: string, value: V]> {
  const open: Node<V>[] = [map.root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === null) continue;
    if (isBranch(node)) open.push(...node.children);
    else yield* node.entries;
  }
}

const isBranch = <V>(node: Leaf<V> | Branch<V>): node is Branch<V> => "children" in node;
const slot = (hash: number, shift: number): number => (hash >>> shift) & (WIDTH - 1);

/** FNV-1a, 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function insert<V>(node: Node<V>, shift: number, leaf: Leaf<V>): Leaf<V> | Branch<V> {
  if (node === null) return leaf;
  if (isBranch(node)) {
    const at = slot(leaf.hash, shift);
    return { children: node.children.with(at, insert(node.children[at] ?? null, shift + BITS, leaf)) };
  }
  if (node.hash === leaf.hash) {
    const others = node.entries.filter(([known]) => leaf.entries.every(([key]) => key !== known));
    return { hash: leaf.hash, entries: [...others, ...leaf.entries] };
  }
  return insert(insert({ children: NO_CHILDREN }, shift, node), shift, leaf);
}

function without<V>(node: Node<V>, shift: number, hash: number, key: string): Node<V> {
  if (node === null) return null;
  if (!isBranch(node)) {
    const left = node.entries.filter(([known]) => known !== key);
    return left.length === 0 ? null : { hash: node.hash, entries: left };
  }
  const at = slot(hash, shift);
  const children = node.children.with(at, without(node.children[at] ?? null, shift + BITS, hash, key));
  const left = children.filter((child) => child !== null);
  const only = left.length === 1 ? left[0] : undefined;
  if (left.length === 0) return null;
  return only !== undefined && !isBranch(only) ? only : { children };
}
