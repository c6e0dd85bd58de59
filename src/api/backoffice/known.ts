import { category, type CategoryState, claim, claimKey } from "../../domains/catalog";
import {
  type CategoryId,
  type CurrencyCode,
  type DomainError,
  invalid,
  notFound,
  type Sku,
} from "../../domains/kernel";
import { ISO_4217 } from "../../domains/reference";
import { type PricedCurrency } from "../../projections/pricing";
import { type SkuDocument } from "../../projections/skus";
import { type Services } from "../services";

const ISO_CODES = new Set(ISO_4217.map(({ code }) => code));

/** Objections to commands that name what the shop does not have, from what the context itself knows of others. */
export class Known {
  constructor(
    private readonly services: Services,
    private readonly context: "catalog" | "pricing" | "inventory",
  ) {}

  /** A SKU that a product has or is about to have. */
  async sku(sku: Sku): Promise<DomainError | undefined> {
    if (await this.services.models.get<SkuDocument>(this.context, "skus").get(sku)) return undefined;
    // The read model may not have got there yet.
    const { state } = await this.services.commands.load(claim, claimKey.sku(sku));
    if (state.status === "claimed") return undefined;
    return notFound("sku-not-found", `No product has the SKU ${sku}.`, { sku });
  }

  /** A currency that the shop has not withdrawn. */
  async currency(code: CurrencyCode): Promise<DomainError | undefined> {
    const known = await this.services.models.get<PricedCurrency>(this.context, "currencies").get(code);
    if (known ? !known.withdrawn : ISO_CODES.has(code)) return undefined;
    const message = known ? `The shop has withdrawn the currency ${code}.` : `There is no currency ${code}.`;
    return invalid("currency-not-found", message, { field: "currency", currency: code });
  }

  async categories(ids: readonly CategoryId[]): Promise<DomainError | undefined> {
    const found = await Promise.all(ids.map((id) => this.isCategory(id)));
    const index = found.indexOf(false);
    if (index < 0) return undefined;
    return invalid("category-not-found", `There is no category ${ids[index]}.`, {
      field: `categories.${index}`,
      categoryId: ids[index],
    });
  }

  /** The category and all that it lies in, from itself up to its root; `undefined` when it is not there. */
  async lineage(id: CategoryId): Promise<readonly CategoryId[] | undefined> {
    const passed = new Set<CategoryId>();
    for (let next: CategoryId | null = id; next !== null && !passed.has(next);) {
      const { state }: { state: CategoryState } = await this.services.commands.load(category, next);
      if (state.status !== "present") return passed.size === 0 ? undefined : [...passed];
      passed.add(next);
      next = state.parentId;
    }
    return [...passed];
  }

  private async isCategory(id: CategoryId): Promise<boolean> {
    return (await this.services.commands.load(category, id)).state.status === "present";
  }
}
