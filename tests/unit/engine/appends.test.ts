import { contextsNamed } from "../../../src/cli/work";
import { categoriesOf, writableBy } from "../../../src/engine/context";
import { contextsOf } from "../../../src/engine/contexts";
import { EventLog, ForeignStream } from "../../../src/infra/eventstore";

/* Which context may append to which streams. ARCHITECTURE.md has the table. */

const contexts = contextsOf({ paymentTimeout: 60 });

test("a context appends to its own streams; these command others besides", () => {
  const across = contexts.flatMap(({ name, commands = [] }) => commands.map((category) => `${name} → ${category}`));
  expect(across).toEqual(["cart → order", "ordering → stock", "ordering → payment"]);
});

test("each category of streams is one context's, and what is commanded is another's", () => {
  const all = categoriesOf(contexts);
  expect(all).toEqual([...new Set(all)]);
  for (const { name, commands = [] } of contexts) {
    const others = categoriesOf(contexts.filter((other) => other.name !== name));
    expect(commands.filter((category) => !others.includes(category))).toEqual([]);
  }
});

test("an append to another's stream is refused before it is sent", async () => {
  const writable = writableBy(contexts.filter(({ name }) => name === "cart"));
  const log = new EventLog("esdb://127.0.0.1:1?tls=false", {}, undefined, writable);
  await expect(log.append("price-SKU-1", [], -1)).rejects.toThrow(ForeignStream);
  await expect(log.append("price-SKU-1", [], -1)).rejects.toThrow(
    "nothing is appended to price-SKU-1 here: this process appends to cart-…, order-…",
  );
  await log.close();
});

test("a worker is the contexts of its work", () => {
  expect(contextsNamed([], 60)).toBeUndefined();
  expect(contextsNamed(["storefront"], 60)).toEqual(["storefront"]);
  expect(contextsNamed(["storefront.products", "checkout"], 60)).toEqual(["ordering", "storefront"]);
});
