import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { ADDRESS } from "../../support/shopper";
import { type Answer } from "../../support/http";
import { type Client, type Method } from "./client";
import { type Act, type Visit } from "./plan";
import { brief, linesOf } from "./shopper";

interface Sent {
  readonly method: Method;
  readonly path: string;
  readonly body: unknown;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: Answer;
  /** Its answer tells how far things are by now, and may differ the next time but for the order that it is about. */
  readonly moves: boolean;
}

/** An order as its shopper was told of it. */
export interface ToldOrder {
  readonly id: string;
  readonly number: string;
  readonly cart: string;
  /** What the cart held, in order. */
  readonly lines: readonly string[];
  readonly payment: Visit["payment"];
}

/** Whatever was answered, and what must hold because of it. */
export class Told {
  readonly orders: ToldOrder[] = [];
  readonly sent: Sent[] = [];
  /** Pieces by which the stock of each SKU was changed by the back office. */
  readonly moved = new Map<string, number>();
  readonly faults: string[] = [];
}

/** What was answered to the command; each request for it has a name of its own in the logs. */
const said = ({ body }: Answer) => ({ ...body, correlationId: undefined }) as unknown;

/** Does what plans say at a shop, over HTTP, under keys; asks until it is answered. */
export class Actors {
  constructor(
    private readonly client: Client,
    private readonly adminKey: string,
    private readonly skus: readonly string[],
    readonly told: Told,
    private readonly kill: (rewound: boolean) => Promise<void>,
  ) {}

  async act(act: Act): Promise<void> {
    switch (act.kind) {
      case "visit":
        return this.visit(act);
      case "receive":
        return this.move(act.sku, "receipts", act.pieces, { quantity: act.pieces });
      case "adjust":
        return this.move(act.sku, "adjustments", act.by, { delta: act.by, reason: "counted" });
      case "repeat":
        return this.repeat(act.command);
      case "kill":
        return this.kill(act.rewound);
      default:
        return this.office(act.kind, act.order);
    }
  }

  private async visit({ items, change, payment, checkout, wait }: Visit): Promise<void> {
    const opened = await this.send("POST", "/store/v1/carts", { currency: "GBP", country: "GB" });
    const { id, shopperToken } = opened.body as { id: string; shopperToken: string };
    const path = `/store/v1/carts/${id}`;
    const headers = { Authorization: `Bearer ${shopperToken}` };
    const expected = new Map<string, number>();
    let cart = opened;
    for (const [index, quantity] of items) {
      const sku = this.sku(index);
      expected.set(sku, (expected.get(sku) ?? 0) + quantity);
      cart = await this.send("POST", `${path}/items`, { sku, quantity }, headers);
    }
    const [first] = linesOf(cart);
    if (change !== undefined && first) {
      expected.set(first.sku, change);
      cart = await this.send("PATCH", `${path}/items/${first.id}`, { quantity: change }, headers);
    }
    const lines = [...expected].map(([sku, quantity]) => `${sku}×${quantity}`);
    const is = linesOf(cart).map(({ sku, quantity }) => `${sku}×${quantity}`);
    this.check(is.join() === lines.join(), () => `cart ${id} holds ${is.join(" ")}, not ${lines.join(" ")}`);
    if (checkout === "never") return;
    await this.send("PUT", `${path}/email`, { email: `${id}@example.org` }, headers);
    await this.send("PUT", `${path}/shipping-address`, ADDRESS, headers);
    await this.send("PUT", `${path}/shipping-method`, { id: "standard" }, headers);
    const body = { payment: { method: "test", token: `tok_${payment}` } };
    const how = wait ? { ...headers, Prefer: "wait=10" } : headers;
    const keys = { once: [1], twice: [1, 1], rival: [1, 2] }[checkout].map((each) => `${id}-${each}`);
    const answers = await Promise.all(keys.map((key) => this.send("POST", `${path}/checkout`, body, how, key)));
    const orders = answers.filter(({ status }) => status === 201);
    const ids = new Set(orders.map(({ body: order }) => `${order.id} ${order.number}`));
    const fits = ids.size === 1 && (checkout === "rival" || orders.length === answers.length);
    this.check(fits, () => `checkout (${checkout}) of cart ${id}: ${answers.map(brief).join("; ")}`);
    const [order] = orders;
    if (order) this.told.orders.push({ id: order.body.id, number: order.body.number, cart: id, lines, payment });
  }

  private async office(
    kind: "complete" | "cancel" | "complete-and-cancel" | "capture" | "refund",
    nth: number,
  ): Promise<void> {
    const { orders } = this.told;
    const order = orders[nth % Math.max(1, orders.length)];
    if (!order) return;
    const to = (what: string, body: object) => this.admin("POST", `/admin/v1/orders/${order.id}/${what}`, body);
    const complete = () => to("complete", {});
    const cancel = () => to("cancel", { reason: "changed my mind" });
    switch (kind) {
      case "complete":
        return void (await complete());
      case "cancel":
        return void (await cancel());
      case "complete-and-cancel": {
        const both = await Promise.all([complete(), cancel()]);
        this.check(both.some(({ status }) => status !== 200), () => `order ${order.id} was completed and cancelled`); // prettier-ignore
        return;
      }
      case "capture":
        return void (await to("capture", { amount: "0.50" }));
      case "refund":
        return void (await to("refund", { amount: "0.25", reason: "scratched" }));
    }
  }

  private async move(index: number, what: string, pieces: number, body: object): Promise<void> {
    const sku = this.sku(index);
    const { status } = await this.admin("POST", `/admin/v1/stock/main/${sku}/${what}`, body);
    if (status === 200) this.told.moved.set(sku, (this.told.moved.get(sku) ?? 0) + pieces);
  }

  private async repeat(nth: number): Promise<void> {
    const { sent } = this.told;
    const before = sent[nth % Math.max(1, sent.length)];
    if (!before) return;
    const { method, path, body, key, headers, answer, moves } = before;
    const again = await this.client.ask(method, path, { body, key, headers });
    const same = moves
      ? again.status === answer.status && again.body.id === answer.body.id && again.body.number === answer.body.number
      : again.status === answer.status && isDeepStrictEqual(said(again), said(answer));
    this.check(same, () => `${method} ${path} repeated: ${brief(answer)}, then ${brief(again)}`);
  }

  private admin(method: Method, path: string, body: object): Promise<Answer> {
    return this.send(method, path, body, { "X-API-Key": this.adminKey });
  }

  private async send(
    method: Method,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
    key: string = randomUUID(),
  ): Promise<Answer> {
    const answer = await this.client.ask(method, path, { body, key, headers });
    this.told.sent.push({ method, path, body, key, headers, answer, moves: path.endsWith("/checkout") });
    return answer;
  }

  private sku(index: number): string {
    return this.skus[index % this.skus.length] ?? "";
  }

  private check(holds: boolean, fault: () => string): void {
    if (!holds) this.told.faults.push(fault());
  }
}
