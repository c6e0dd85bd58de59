import { setTimeout as sleep } from "node:timers/promises";
import { JSON_HEADERS, type ShopClient } from "./client";
import { type Call, type Method } from "./exchange";

/** Where goods go. */
export interface ShippingAddress {
  readonly name: string;
  readonly line1: string;
  readonly city: string;
  readonly postalCode: string;
  readonly country: string;
}

/** An order as the shop answers it; what the tools look at. */
export interface OrderAnswer {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly reason?: string | null;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

interface CartAnswer {
  readonly id: string;
  readonly shopperToken: string;
}

/** Seconds that a checkout asks to be held until the order is decided. */
const WAIT = 10;
/** While an order is not decided yet it is asked for again after so many ms. */
const LOOK_AGAIN = 200;

/** One shopper with one cart at a shop's front door. */
export class Shopper {
  private constructor(
    private readonly client: ShopClient,
    readonly cartId: string,
    private readonly authorization: readonly string[],
    /** Beginning of every `Idempotency-Key`; without one, commands carry none. */
    private readonly keys: string | undefined,
  ) {}

  /** Takes a cart. With the same `keys` it is the same cart as before. */
  static async enter(
    client: ShopClient,
    { currency, country, keys }: { readonly currency: string; readonly country: string; readonly keys?: string },
  ): Promise<Shopper> {
    const body = JSON.stringify({ currency, country });
    const headers = keyed(keys, "cart");
    const call: Call = { method: "POST", path: "/store/v1/carts", kind: "open cart", headers, body };
    const { id, shopperToken } = await client.json<CartAnswer>(call);
    return new Shopper(client, id, ["Authorization", `Bearer ${shopperToken}`], keys);
  }

  /** The call that adds an item, for whoever sends it in their own way. */
  itemCall(sku: string, quantity: number): Call {
    return this.call("POST", "items", "add item", `item ${sku}`, { sku, quantity });
  }

  async add(sku: string, quantity: number): Promise<void> {
    await this.client.done(this.itemCall(sku, quantity));
  }

  async email(email: string): Promise<void> {
    await this.client.done(this.call("PUT", "email", "set e-mail", "email", { email }));
  }

  async ship(address: ShippingAddress): Promise<void> {
    await this.client.done(this.call("PUT", "shipping-address", "set address", "address", address));
  }

  /** Chooses the first shipping method that is offered. */
  async chooseShipping(): Promise<void> {
    const path = `/store/v1/carts/${this.cartId}/shipping-methods`;
    const call: Call = { method: "GET", path, kind: "shipping methods", headers: this.authorization };
    const { items } = await this.client.json<{ items: readonly { readonly id: string }[] }>(call);
    const [method] = items;
    if (method === undefined) throw new Error(`No shipping method is offered for cart ${this.cartId}.`);
    await this.client.done(this.call("PUT", "shipping-method", "set shipping", "shipping", { id: method.id }));
  }

  /** Orders, pays and waits until the order is decided, at most `patience` ms. */
  async checkOut(patience: number): Promise<OrderAnswer> {
    const body = { payment: { method: "test", token: "tok_approve" } };
    const call = this.call("POST", "checkout", "checkout", "checkout", body, ["Prefer", `wait=${WAIT}`]);
    let order = await this.client.json<OrderAnswer>(call);
    const deadline = performance.now() + patience;
    while (order.status === "placed" && performance.now() < deadline) {
      await sleep(LOOK_AGAIN);
      const path = `/store/v1/orders/${order.id}`;
      order = await this.client.json<OrderAnswer>({ method: "GET", path, kind: "order", headers: this.authorization });
    }
    return order;
  }

  private call(
    method: Method,
    part: string,
    kind: string,
    key: string,
    body: object,
    headers: readonly string[] = [],
  ): Call {
    return {
      method,
      path: `/store/v1/carts/${this.cartId}/${part}`,
      kind,
      headers: [...this.authorization, ...keyed(this.keys, key), ...headers],
      body: JSON.stringify(body),
      statusOnly: part !== "checkout",
    };
  }
}

function keyed(keys: string | undefined, name: string): readonly string[] {
  return keys === undefined ? JSON_HEADERS : [...JSON_HEADERS, "Idempotency-Key", `${keys} ${name}`];
}
