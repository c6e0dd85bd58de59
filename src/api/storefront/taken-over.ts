import { cart as cartAggregate, type Item, noCart } from "../../domains/cart";
import { type CurrencyCode, type DomainError, type LineId } from "../../domains/kernel";
import { deriveId } from "../../infra/runtime";
import { type Shopper } from "../../infra/security";
import { type Services } from "../services";
import { type CartFacts } from "./cart-facts";

/** Lines that a new cart can begin with: they are appended at once, which the log limits. */
export const MOST_TAKEN_OVER = 1_000;

/**
 * What a new cart begins with that takes over the articles of an earlier one, at the prices of now; nothing personal.
 * @param shopper whose the earlier cart must have been
 */
export async function takenOver(
  { services, facts }: { readonly services: Services; readonly facts: CartFacts },
  from: string,
  shopper: Shopper | undefined,
  to: { readonly cartId: string; readonly currency: CurrencyCode; readonly at: string },
): Promise<readonly Item[] | DomainError> {
  const { state } = await services.commands.load(cartAggregate, from);
  if (state.status === "absent" || shopper === undefined || state.owner !== shopper.id) return noCart(from);
  const lines = state.lines.slice(0, MOST_TAKEN_OVER).map(async ({ sku, quantity }) => ({
    lineId: deriveId("line", to.cartId, sku) as LineId,
    sku,
    quantity,
    offer: await facts.offer(sku, to.currency, to.at),
  }));
  return Promise.all(lines);
}
