interface Identified {
  readonly _id: string;
}

/** Goes through two lists, both in the database's order of ids, side by side: what has the same id comes together. */
export async function* inStep<A extends Identified, B extends Identified>(
  left: AsyncIterable<A>,
  right: AsyncIterable<B>,
): AsyncGenerator<readonly [id: string, left: A | undefined, right: B | undefined]> {
  const [lefts, rights] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  let [a, b] = await Promise.all([lefts.next(), rights.next()]);
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : byBytes(a.value._id, b.value._id);
    const [one, other] = [order <= 0 ? a : undefined, order >= 0 ? b : undefined];
    const found = { left: one?.done ? undefined : one?.value, right: other?.done ? undefined : other?.value };
    yield [(found.left ?? found.right)?._id ?? "", found.left, found.right];
    if (order <= 0) a = await lefts.next();
    if (order >= 0) b = await rights.next();
  }
}

/** As the database orders text: by its UTF-8 bytes. */
function byBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
