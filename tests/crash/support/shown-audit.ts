import { isDeepStrictEqual } from "node:util";
import Big from "big.js";
import { encodeToken } from "../../../src/api/http/consistency";
import { type Chance } from "./chance";
import { type LogFacts } from "./log-facts";
import { statusOf } from "./log-audit";
import { brief, linesOf, type World } from "./shopper";

/** Commands that are sent once more when all is over. */
const REPEATED = 150;
const AT_ONCE = 16;

/** What the APIs show must be what the log says. */
export async function faultsOfAnswers(world: World, log: LogFacts, chance: Chance): Promise<string[]> {
  const { client, adminKey, ledger, articles } = world;
  const admin = { "X-API-Key": adminKey };
  const token = { "Consistency-Token": encodeToken(log.end) };
  const faults: string[] = [];
  const fault = (holds: boolean, what: () => string) => {
    if (!holds) faults.push(what());
  };

  await each(ledger.carts, async ({ id, token: shopper, lines, email, order }) => {
    const headers = { Authorization: `Bearer ${shopper}`, ...token };
    const cart = await client.ask("GET", `/store/v1/carts/${id}`, { headers });
    const is = linesOf(cart).map(({ sku, quantity }) => `${sku}×${quantity}`);
    const due = lines.map(({ sku, quantity }) => `${sku}×${quantity}`);
    fault(is.join() === due.join(), () => `cart ${id} shows ${is.join(" ")} and not ${due.join(" ")}: ${brief(cart)}`);
    fault(cart.body.email === email, () => `cart ${id} has lost its e-mail address ${email}: ${brief(cart)}`);
    if (!order) return;
    fault(cart.body.orderId === order.id, () => `cart ${id} does not name its order ${order.id}: ${brief(cart)}`);
    const shown = await client.ask("GET", `/store/v1/orders/${order.id}`, { headers });
    fault(shown.body.number === order.number && shown.body.status === statusOf(log, order.id), () => {
      return `order ${order.id} (${order.number}) is ${statusOf(log, order.id)}, and shown as ${brief(shown)}`;
    });
  });

  await each(articles, async ({ sku, received }) => {
    const { body } = await client.ask("GET", `/admin/v1/stock/main/${sku}`, { headers: { ...admin, ...token } });
    const moved = log.of(`stock-main-${sku}`);
    const sum = (type: string): number =>
      moved.filter((fact) => fact.type === type).reduce((total, { data }) => total + (data.quantity as number), 0);
    const onHand = received - sum("StockShipped");
    const reserved = sum("StockReserved") - sum("ReservationReleased") - sum("StockShipped");
    fault(
      body.onHand === onHand && body.reserved === reserved && body.available === onHand - reserved,
      () => `stock of ${sku} is ${onHand} on hand, ${reserved} reserved, and shown as ${JSON.stringify(body)}`,
    );
  });

  const { body: feed } = await client.ask("GET", "/analytics/v1/feeds/order-lines/summary", { headers: token });
  const due = salesOf(log);
  fault(
    due.eq(feed.total.amounts.GBP ?? 0),
    () => `the feed of order lines adds up to ${JSON.stringify(feed.total)}, and the orders to ${due.toFixed()}`,
  );

  await each(sample(ledger.commands, chance), async ({ method, path, body, key, headers, status, answer }) => {
    const again = await client.ask(method, path, { body, key, headers });
    fault(
      again.status === status && isDeepStrictEqual(again.body, answer),
      () => `${method} ${path} repeated: ${JSON.stringify(answer).slice(0, 400)}, then ${brief(again)}`,
    );
  });
  return faults;
}

/** The sum over confirmed and completed orders, in every digit. */
function salesOf(log: LogFacts): Big {
  let sum = Big(0);
  for (const id of log.ids("order")) {
    const status = statusOf(log, id);
    const sale = log.of(`order-${id}`)[0]?.data;
    if (!sale || (status !== "confirmed" && status !== "completed")) continue;
    for (const { unitPrice, quantity } of sale.lines as readonly { unitPrice: string; quantity: number }[])
      sum = sum.plus(Big(unitPrice).times(quantity));
    sum = sum.plus(sale.shippingMethod.price);
  }
  return sum;
}

function sample<T>(items: readonly T[], chance: Chance): readonly T[] {
  return items.length <= REPEATED ? items : Array.from({ length: REPEATED }, () => chance.pick(items));
}

/** All of them, some at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
