import { newId } from "../../src/infra/runtime";
import { seen } from "./consistency";
import { type Answer, type Caller } from "./http";

export const ADDRESS = { name: "Ada Lovelace", line1: "12 St James's Square", city: "London", postalCode: "SW1Y 4JH", country: "GB" }; // prettier-ignore

/** A shopper with an open cart. */
export interface Shopper {
  readonly caller: Caller;
  readonly cartId: string;
  readonly token: string;
  /** `/store/v1/carts/<id>` */
  readonly cart: string;
}

export async function openCart(anyone: Caller, body: object = { currency: "GBP", country: "GB" }): Promise<Shopper> {
  const opened = expectStatus(201, await anyone.post("/store/v1/carts", body));
  const { id: cartId, shopperToken: token } = opened.body as { id: string; shopperToken: string };
  return { caller: anyone.as(token), cartId, token, cart: `/store/v1/carts/${cartId}` };
}

/** Fills in all that checkout needs beside the articles. */
export async function fillIn({ caller, cart }: Shopper, email = "ada@example.org"): Promise<void> {
  expectStatus(200, await caller.put(`${cart}/email`, { email }));
  expectStatus(200, await caller.put(`${cart}/shipping-address`, ADDRESS));
  expectStatus(200, await caller.put(`${cart}/shipping-method`, { id: "standard" }));
}

export interface CheckOutOptions {
  readonly token?: string;
  readonly key?: string;
  readonly wait?: boolean;
  /** Consistency token of what was written about the articles. */
  readonly after?: string;
}

/** Checks out and waits for the end, unless told not to. */
export function checkOut(
  { caller, cart }: Shopper,
  { token = "tok_approve", key = newId(), wait = true }: CheckOutOptions = {},
): Promise<Answer> {
  return caller.post(
    `${cart}/checkout`,
    { payment: { method: "test", token } },
    { "Idempotency-Key": key, ...(wait && { Prefer: "wait=60" }) },
  );
}

/** The whole way from opening a cart to the order. */
export async function buy(
  anyone: Caller,
  items: readonly { sku: string; quantity: number }[],
  options?: CheckOutOptions,
) {
  const shopper = await openCart(anyone);
  const headers = options?.after === undefined ? undefined : seen(options.after);
  for (const item of items) expectStatus(200, await shopper.caller.post(`${shopper.cart}/items`, item, headers));
  await fillIn(shopper);
  return { shopper, answer: await checkOut(shopper, options) };
}

/** @throws with the whole answer when its status is another */
export function expectStatus(status: number, answer: Answer): Answer {
  if (answer.status !== status)
    throw new Error(`answered ${answer.status}, not ${status}: ${JSON.stringify(answer.body).slice(0, 1_000)}`);
  return answer;
}
