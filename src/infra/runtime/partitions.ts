/** Between a collection's name and the number of one of its partitions. */
const MARK = "#";

/**
 * How a collection is divided. Changing it moves no document: `floors` keep how far those of earlier divisions had got,
 * so that each document goes on from exactly where it was left.
 */
export interface Layout {
  readonly count: number;
  /** Positions of the partitions of divisions before, one list for each, as long as they matter. */
  readonly floors?: readonly (readonly bigint[])[];
}

/** One partition of a collection. */
export interface Part extends Layout {
  readonly index: number;
}

export const UNDIVIDED: Layout = { count: 1 };
export const WHOLE: Part = { index: 0, count: 1 };

/**
 * Under which name a partition of a collection has its checkpoint and its lease: `orders_v1` where there is one alone,
 * else `orders_v1#0of4`.
 */
export const partitionName = (target: string, index: number, count: number): string =>
  count === 1 ? target : `${target}${MARK}${index}of${count}`;

export const partitionNames = (target: string, { count }: Layout): readonly string[] =>
  Array.from({ length: count }, (_, index) => partitionName(target, index, count));

/** The collection that a partition's name is of. */
export const partitionedTarget = (name: string): string => name.split(MARK, 1)[0] ?? name;

/** Of names of checkpoints: those of a collection, however it is or was divided. */
export const anyPartitionOf = (target: string): RegExp => new RegExp(`^${target}(${MARK}|$)`);

/** The partition that a document belongs to, 0 to `count` − 1 (FNV-1a over its id; must never change). */
export function partitionOf(id: string, count: number): number {
  if (count === 1) return 0;
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  // The lower bits alone of similar ids are too much alike.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % count;
}

/** How far the document had got in divisions before; −1: they do not matter. */
export function floorOf(id: string, { floors = [] }: Layout): bigint {
  let floor = -1n;
  for (const positions of floors) {
    const position = positions[partitionOf(id, positions.length)] ?? -1n;
    if (position > floor) floor = position;
  }
  return floor;
}

/** How far the documents of a collection reflect the log: each as far as its partition. */
export class Reach {
  constructor(
    private readonly layout: Layout,
    /** Of each partition; −1: nothing yet. */
    private readonly positions: readonly bigint[],
  ) {}

  /** Everything up to here is in all documents. */
  get least(): bigint {
    return this.positions.reduce((least, position) => (position < least ? position : least));
  }

  /** No document is beyond this. */
  get most(): bigint {
    return [...this.positions, ...(this.layout.floors ?? []).flat()].reduce((a, b) => (a > b ? a : b), -1n);
  }

  /** Of one partition. */
  at(index: number): bigint {
    return this.positions[index] ?? -1n;
  }

  of(id: string): bigint {
    const own = this.positions[partitionOf(id, this.layout.count)] ?? -1n;
    const floor = floorOf(id, this.layout);
    return own > floor ? own : floor;
  }

  /** What another division has to remember of this one, which begins at the least position. */
  get floors(): readonly (readonly bigint[])[] {
    return [this.positions, ...(this.layout.floors ?? [])].filter((each) => each.some((one) => one > this.least));
  }
}
