import { setTimeout as sleep } from "node:timers/promises";
import { contentOf, JSON_HEADERS, type ShopClient } from "./client";
import { type Answer, type Call, type Method } from "./exchange";

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

export interface ShopperOptions {
  readonly currency: string;
  readonly country: string;
  /** Beginning of every `Idempotency-Key`; without one, commands carry none. */
  readonly keys?: string | undefined;
  /** What the shop must have seen before it answers, e.g. the prices that were just set. */
  readonly token?: string | undefined;
}

/** One shopper with one cart at a shop's front door. Reads what it wrote, also from another process of the shop. */
export class Shopper {
  private token: string | undefined;

  private constructor(
    private readonly client: ShopClient,
    readonly cartId: string,
    private readonly authorization: readonly string[],
    private readonly keys: string | undefined,
  ) {}

  /** Takes a cart. With the same `keys` it is the same cart as before. */
  static async enter(client: ShopClient, { currency, country, keys, token }: ShopperOptions): Promise<Shopper> {
    const body = JSON.stringify({ currency, country });
    const headers = [...keyed(keys, "cart"), ...reflecting(token)];
    const call: Call = { method: "POST", path: "/store/v1/carts", kind: "open cart", headers, body };
    const answer = await client.done(call);
    const { id, shopperToken } = contentOf<CartAnswer>(answer);
    const shopper = new Shopper(client, id, ["Authorization", `Bearer ${shopperToken}`], keys);
    shopper.token = answer.token;
    return shopper;
  }

  /** The call that adds an item, for whoever sends it in their own way. */
  itemCall(sku: string, quantity: number): Call {
    return this.call("POST", "items", "add item", `item ${sku}`, { sku, quantity });
  }

  async add(sku: string, quantity: number): Promise<void> {
    await this.command(this.itemCall(sku, quantity));
  }

  async email(email: string): Promise<void> {
    await this.command(this.call("PUT", "email", "set e-mail", "email", { email }));
  }

  async ship(address: ShippingAddress): Promise<void> {
    await this.command(this.call("PUT", "shipping-address", "set address", "address", address));
  }

  /** Chooses the first shipping method that is offered. */
  async chooseShipping(): Promise<void> {
    const path = `/store/v1/carts/${this.cartId}/shipping-methods`;
    const { items } = await this.read<{ items: readonly { readonly id: string }[] }>("shipping methods", path);
    const [method] = items;
    if (method === undefined) throw new Error(`No shipping method is offered for cart ${this.cartId}.`);
    await this.command(this.call("PUT", "shipping-method", "set shipping", "shipping", { id: method.id }));
  }

  /** Orders, pays and waits until the order is decided, at most `patience` ms. */
  async checkOut(patience: number): Promise<OrderAnswer> {
    const body = { payment: { method: "test", token: "tok_approve" } };
    const call = this.call("POST", "checkout", "checkout", "checkout", body, ["Prefer", `wait=${WAIT}`]);
    let order = contentOf<OrderAnswer>(await this.command(call));
    const deadline = performance.now() + patience;
    while (order.status === "placed" && performance.now() < deadline) {
      await sleep(LOOK_AGAIN);
      order = await this.read<OrderAnswer>("order", `/store/v1/orders/${order.id}`);
    }
    return order;
  }

  private async command(call: Call): Promise<Answer> {
    const answer = await this.client.done(call);
    this.token = answer.token ?? this.token;
    return answer;
  }

  private read<T>(kind: string, path: string): Promise<T> {
    const headers = [...this.authorization, ...reflecting(this.token)];
    return this.client.json<T>({ method: "GET", path, kind, headers });
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

/** The header with which an answer reflects at least what another one told. */
export const reflecting = (token: string | undefined): readonly string[] =>
  token === undefined ? [] : ["Consistency-Token", token];
