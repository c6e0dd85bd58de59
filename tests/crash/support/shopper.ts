import { randomUUID } from "node:crypto";
import { ADDRESS } from "../../support/shopper";
import { type Answer } from "../../support/http";
import { type Chance } from "./chance";
import { type Client, type Method } from "./client";
import { type AcknowledgedOrder, type Article, type CartRecord, type Ledger } from "./ledger";

export interface World {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly articles: readonly Article[];
  readonly adminKey: string;
}

/** One shopper's visit: a cart, what goes into it and out again, mostly an order; then what the back office does with it. */
export async function visit(world: World, chance: Chance): Promise<void> {
  const { ledger } = world;
  const opened = await command(world, "POST", "/store/v1/carts", { currency: "GBP", country: "GB" }, {});
  if (!told(world, "POST /carts", 201, opened)) return;
  const { id, shopperToken: token } = opened.body as { id: string; shopperToken: string };
  const payment = chance.once(0.85) ? "approve" : chance.once(0.7) ? "decline" : "hang";
  const cart: CartRecord = { id, token, lines: [], email: null, payment };
  ledger.carts.push(cart);
  const shopper = new Shopper(world, cart);
  for (let left = chance.whole(1, 4); left > 0; left--) await shopper.changeItems(chance);
  if (cart.lines.length === 0) await shopper.add(chance.pick(world.articles).sku, 1);
  if (chance.once(0.1)) return; // leaves the cart as it is
  await shopper.fillIn(`${id}@example.org`);
  await shopper.checkOut(chance);
  if (cart.order?.status === "confirmed") await followUp(world, cart.order, chance);
}

class Shopper {
  private readonly path: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(
    private readonly world: World,
    private readonly cart: CartRecord,
  ) {
    this.path = `/store/v1/carts/${cart.id}`;
    this.headers = { Authorization: `Bearer ${cart.token}` };
  }

  /** Adds an article, changes how many pieces of one, or removes one. */
  async changeItems(chance: Chance): Promise<void> {
    const { lines } = this.cart;
    if (lines.length === 0 || chance.once(0.6))
      return this.add(chance.pick(this.world.articles).sku, chance.whole(1, 3));
    const line = chance.pick(lines);
    const item = `${this.path}/items/${await this.lineId(line.sku)}`;
    if (chance.once(0.3) && lines.length > 1) {
      lines.splice(lines.indexOf(line), 1);
      return this.changed(await command(this.world, "DELETE", item, undefined, this.headers));
    }
    line.quantity = chance.whole(1, 4);
    this.changed(await command(this.world, "PATCH", item, { quantity: line.quantity }, this.headers));
  }

  async add(sku: string, quantity: number): Promise<void> {
    const { lines } = this.cart;
    const line = lines.find((each) => each.sku === sku);
    if (line) line.quantity += quantity;
    else lines.push({ sku, quantity });
    this.changed(await command(this.world, "POST", `${this.path}/items`, { sku, quantity }, this.headers));
  }

  async fillIn(email: string): Promise<void> {
    const { world, cart, path, headers } = this;
    cart.email = email;
    this.changed(await command(world, "PUT", `${path}/email`, { email }, headers));
    this.changed(await command(world, "PUT", `${path}/shipping-address`, ADDRESS, headers));
    this.changed(await command(world, "PUT", `${path}/shipping-method`, { id: "standard" }, headers));
  }

  async checkOut(chance: Chance): Promise<void> {
    const { world, cart, path, headers } = this;
    const key = randomUUID();
    const body = { payment: { method: "test", token: `tok_${cart.payment}` } };
    const wait = chance.once(0.8) ? { Prefer: "wait=10" } : {};
    const ask = () => world.client.ask("POST", `${path}/checkout`, { body, key, headers: { ...headers, ...wait } });
    const answer = await ask();
    if (!told(world, "checkout", 201, answer)) return;
    cart.order = orderOf(answer);
    if (chance.once(0.1)) {
      const again = await ask();
      const same = again.status === 201 && again.body.id === cart.order.id && again.body.number === cart.order.number;
      world.ledger.check(same, () => `checkout of cart ${cart.id} repeated: ${brief(answer)}, then ${brief(again)}`);
    }
  }

  private async lineId(sku: string): Promise<string> {
    const token = String(this.position ?? "");
    const { client } = this.world;
    const headers = { ...this.headers, ...(token !== "" && { "Consistency-Token": token }) };
    const answer = await client.ask("GET", this.path, { headers });
    told(this.world, "GET cart", 200, answer);
    this.compare(answer);
    return linesOf(answer).find((line) => line.sku === sku)?.id ?? "missing";
  }

  private position: string | undefined;

  /** The answer to a change must show the cart with everything acknowledged so far, and nothing twice. */
  private changed(answer: Answer): void {
    if (!told(this.world, `change of cart ${this.cart.id}`, 200, answer)) return;
    this.position = answer.headers["consistency-token"];
    this.compare(answer);
  }

  private compare(answer: Answer): void {
    const is = linesOf(answer).map(({ sku, quantity }) => `${sku}×${quantity}`);
    const due = this.cart.lines.map(({ sku, quantity }) => `${sku}×${quantity}`);
    this.world.ledger.check(
      is.join() === due.join(),
      () => `cart ${this.cart.id} holds ${is.join(" ")} and not ${due.join(" ")}`,
    );
  }
}

/** The back office completes some orders and cancels others. */
async function followUp(world: World, order: AcknowledgedOrder, chance: Chance): Promise<void> {
  const wish = chance.next();
  if (wish > 0.35) return;
  const headers = { "X-API-Key": world.adminKey };
  const path = `/admin/v1/orders/${order.id}`;
  const completes = wish < 0.2;
  const answer = completes
    ? await command(world, "POST", `${path}/complete`, {}, headers)
    : await command(world, "POST", `${path}/cancel`, { reason: "changed my mind" }, headers);
  if (!told(world, completes ? "complete" : "cancel", 200, answer)) return;
  order.status = completes ? "completed" : "cancelled";
  if (!completes) order.reason = "changed my mind";
  world.ledger.check(answer.body.status === order.status, () => `order ${order.id}: told ${brief(answer)}`);
}

/** Sends a command under a key of its own until it is answered, and remembers the answer. */
async function command(
  { client, ledger }: World,
  method: Method,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const key = randomUUID();
  const answer = await client.ask(method, path, { body, key, headers });
  ledger.commands.push({ method, path, body, key, headers, status: answer.status, answer: answer.body });
  return answer;
}

function told({ ledger }: World, what: string, status: number, answer: Answer): boolean {
  ledger.check(answer.status === status, () => `${what} was answered ${brief(answer)}`);
  return answer.status === status;
}

export const orderOf = ({ body }: Answer): AcknowledgedOrder => ({
  id: body.id as string,
  number: body.number as string,
  status: body.status as AcknowledgedOrder["status"],
  reason: body.reason as string | null,
});

export const linesOf = ({ body }: Answer): readonly { id: string; sku: string; quantity: number }[] => body.lines ?? [];

export const brief = ({ status, body }: Answer): string => `${status} ${JSON.stringify(body).slice(0, 400)}`;
