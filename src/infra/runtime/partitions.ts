/** Between a collection's name and the number of one of its partitions. */
const MARK = "#";

/**
 * Under which name a partition of a collection has its checkpoint and its lease: `orders_v1` where there is one alone,
 * else `orders_v1#0of4`.
 */
export const partitionName = (target: string, index: number, count: number): string =>
  count === 1 ? target : `${target}${MARK}${index}of${count}`;

/** The collection that a partition's name is of. */
export const partitionedTarget = (name: string): string => name.split(MARK, 1)[0] ?? name;

/** The partition that a document belongs to, 0 to `count` − 1 (FNV-1a over its id; must never change). */
export function partitionOf(id: string, count: number): number {
  if (count === 1) return 0;
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  // The lower bits alone of similar ids are too much alike.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % count;
}
