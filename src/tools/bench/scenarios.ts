import { type Call, refusalOf, type ShopClient, type ShippingAddress, Shopper } from "../http";
import { type Assortment } from "./assortment";

/** Articles that a bench shopper puts into one cart before taking the next one. */
const CART_SIZE = 20;
const COUNTRY = "GB";
const ADDRESS: ShippingAddress = {
  name: "Bench Shopper",
  line1: "1 Market Street",
  city: "London",
  postalCode: "10000",
  country: COUNTRY,
};

type Step = (worker: number) => Promise<number | undefined>;

/** Takes from a list one after another, from a place of its own for each worker. */
function picker<T>(list: readonly T[]): (worker: number) => T {
  const places: number[] = [];
  return (worker) => {
    const place = places[worker] ?? worker * 37;
    places[worker] = place + 1;
    return list[place % list.length] as T;
  };
}

/** Each shopper fills one cart after another; the time to take a new cart is part of the rate, not of the latency. */
export function addItems(client: ShopClient, { currency, products }: Assortment, keys?: string): Step {
  const pick = picker(products);
  const open: { shopper: Shopper; items: number }[] = [];
  let carts = 0;
  return async (worker) => {
    const cart = open[worker];
    if (cart === undefined || cart.items >= CART_SIZE) {
      const own = keys === undefined ? {} : { keys: `${keys} ${worker}-${carts++}` };
      open[worker] = { shopper: await Shopper.enter(client, { currency, country: COUNTRY, ...own }), items: 0 };
      return undefined;
    }
    cart.items++;
    return timed(client, cart.shopper.itemCall(pick(worker).sku, 1));
  };
}

/** What the whole journey of a shopper is made of, with the time that its checkout alone took told apart. */
export function checkouts(
  client: ShopClient,
  { currency }: Assortment,
  skus: readonly string[],
  token: string | undefined,
): Step {
  const pick = picker(skus);
  let customers = 0;
  return async (worker) => {
    const begun = performance.now();
    const shopper = await Shopper.enter(client, { currency, country: COUNTRY, token });
    const first = pick(worker);
    await shopper.add(first, 1);
    const second = pick(worker);
    if (second !== first) await shopper.add(second, 1);
    await shopper.email(`bench+${customers++}@example.com`);
    await shopper.ship(ADDRESS);
    await shopper.chooseShipping();
    const order = await shopper.checkOut(DECISION);
    if (order.status !== "confirmed") throw new Error(`Order ${order.id} is ${order.status} ${order.reason ?? ""}`);
    return performance.now() - begun;
  };
}
/** An order must be decided within this many ms. */
const DECISION = 15_000;

/** Lists as shoppers ask for them: the first page, sorted, searched, by category, by price. */
export function productLists(client: ShopClient, { categories }: Assortment): Step {
  const queries = [
    "limit=20",
    "limit=20&inStock=true",
    "limit=20&sort=price",
    "limit=20&q=heart",
    "limit=20&q=christmas",
    "limit=20&priceMin=1&priceMax=5",
    ...categories.slice(0, 10).map((category) => `limit=20&category=${category}`),
  ];
  return reads(
    client,
    queries.map((query) => `/store/v1/products?${query}`),
    "product list",
  );
}

export function productPages(client: ShopClient, { products }: Assortment): Step {
  return reads(
    client,
    products.map(({ id, slug }, index) => `/store/v1/products/${index % 2 === 0 ? slug : id}`),
    "product page",
  );
}

function reads(client: ShopClient, paths: readonly string[], kind: string): Step {
  const pick = picker(paths.map((path): Call => ({ method: "GET", path, kind, statusOnly: true })));
  return (worker) => timed(client, pick(worker));
}

async function timed(client: ShopClient, call: Call): Promise<number> {
  const begun = performance.now();
  const answer = await client.once(call);
  const took = performance.now() - begun;
  if (answer.status >= 300) throw refusalOf(call, answer);
  return took;
}

/** Receives stock where the shop sells from. Answers the token of the last receipt. */
export async function stockUp(
  client: ShopClient,
  key: string,
  skus: readonly string[],
  quantity: number,
): Promise<string | undefined> {
  let token: string | undefined;
  for (const sku of skus) {
    const answer = await client.done({
      method: "POST",
      path: `/admin/v1/stock/main/${encodeURIComponent(sku)}/receipts`,
      kind: "prepare",
      headers: ["Content-Type", "application/json", "X-API-Key", key],
      body: JSON.stringify({ quantity }),
      statusOnly: true,
    });
    token = answer.token ?? token;
  }
  return token;
}
