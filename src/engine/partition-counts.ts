import { type Feed } from "../domains/kernel";
import { type AnyProjection, type Context } from "./context";

/** Numbers of partitions by the names of projections and feeds (`orders`, `ordering.orders`); `*`: of all that can have several. */
export type PartitionCounts = ReadonlyMap<string, number>;

const EACH = "*";

type Divided = Pick<AnyProjection, "name" | "context" | "independent"> | Pick<Feed, "name" | "context" | "rows">;

/** Rows of a feed follow from their event alone. */
const isDivisible = (one: Divided): boolean => "rows" in one || one.independent === true;

/** Into how many partitions a projection or feed is divided: 1 where nothing is said of it. */
export function partitionsOf(divided: Divided, counts: PartitionCounts = new Map()): number {
  const { name, context } = divided;
  if (!isDivisible(divided)) return 1;
  return counts.get(`${context}.${name}`) ?? counts.get(name) ?? counts.get(EACH) ?? 1;
}

/**
 * Numbers of partitions as the setting has them: `orders=4,cart.carts=2` or `*=2`.
 * @throws when one is named that is not there, or cannot be divided
 */
export function partitionCounts(text: string, contexts: readonly Context[]): PartitionCounts {
  const all: readonly Divided[] = contexts.flatMap(({ projections, feeds }) => [...projections, ...feeds]);
  const counts = new Map<string, number>();
  for (const part of text.split(",").filter((each) => each.trim() !== "")) {
    const [name = "", number = ""] = part.split("=").map((each) => each.trim());
    const named = all.filter((each) => name === each.name || name === `${each.context}.${each.name}`);
    if (name !== EACH && named.length === 0)
      throw new Error(`PROJECTION_PARTITIONS names ${name}, and there is no such projection.`);
    const whole = named.find((each) => !isDivisible(each));
    if (whole)
      throw new Error(
        `PROJECTION_PARTITIONS cannot divide ${whole.context}.${whole.name}: its documents look at one another.`,
      );
    counts.set(name, Number(number));
  }
  return counts;
}
