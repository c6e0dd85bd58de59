import { type Cart, type Offer, type Quote, type Taxation } from "../../domains/cart";
import { type CountryCode, type CurrencyCode, type DomainError, invalid, type ProductId, type Sku } from "../../domains/kernel"; // prettier-ignore
import { priceAt } from "../../domains/pricing";
import { ratesAt } from "../../domains/reference";
import { countryKey, currencyKey, type OfferDocument, offerKey, type OfferedSku, type RegionDocument } from "../../projections/cart"; // prettier-ignore
import { type FieldError } from "../http";
import { type Services } from "../services";

/** What cart commands need to know of other contexts, from the cart's own projections of them. */
export class CartFacts {
  private readonly offers;
  private readonly regions;

  constructor(private readonly services: Services) {
    this.offers = services.models.get<OfferDocument>("cart", "offers");
    this.regions = services.models.get<RegionDocument>("cart", "regions");
  }

  /** Waits until the facts reflect what the caller has seen elsewhere. */
  async level(token: bigint | undefined): Promise<void> {
    if (token === undefined) return;
    await Promise.all([this.services.level(this.offers, token), this.services.level(this.regions, token)]);
  }

  /** The article as it can be bought now; `null`: there is no such article. */
  async offer(sku: string, currency: CurrencyCode, at: string): Promise<Offer | null> {
    const known = await this.sku(sku);
    if (known === undefined || known.productId === null) return null;
    const { name, taxCategory, published } = known;
    return {
      currency,
      productId: known.productId as ProductId,
      name,
      taxCategory,
      published,
      unitPrice: price(known, currency, at),
    };
  }

  /** What every article costs now; `null` where it cannot be bought. */
  quotes(skus: readonly Sku[], currency: CurrencyCode, at: string): Promise<readonly Quote[]> {
    return Promise.all(
      skus.map(async (sku) => {
        const known = await this.sku(sku);
        const sold = known !== undefined && known.productId !== null && known.published;
        return { sku, currency, unitPrice: sold ? price(known, currency, at) : null };
      }),
    );
  }

  /** The quotes for all that is in a cart. */
  quotesFor({ lines, currency }: Pick<Cart, "lines" | "currency">, at: string): Promise<readonly Quote[]> {
    return this.quotes(
      lines.map(({ sku }) => sku),
      currency,
      at,
    );
  }

  /** How the country taxes now; a refusal naming the field, when the shop does not know the country. */
  async taxation(country: CountryCode | null, at: string, field = "country"): Promise<Taxation | DomainError> {
    if (country === null) return { taxRegime: "inclusive", taxRates: {} };
    const known = await this.regions.get(countryKey(country));
    if (known?.kind !== "country" || known.name === null || known.withdrawn)
      return unknownField(field, country, `is not a country that the shop knows`, "unknown-country");
    return { taxRegime: known.taxRegime, taxRates: ratesAt(known.rates, at) };
  }

  /** A refusal naming the field, when the shop does not know the currency. */
  async objectionTo(currency: CurrencyCode): Promise<DomainError | undefined> {
    const known = await this.regions.get(currencyKey(currency));
    return known?.kind !== "currency" || known.withdrawn
      ? unknownField("currency", currency, "is not a currency that the shop knows", "unknown-currency")
      : undefined;
  }

  private async sku(sku: string): Promise<OfferedSku | undefined> {
    const known = await this.offers.get(offerKey(sku));
    return known?.kind === "sku" ? known : undefined;
  }
}

function price({ prices }: OfferedSku, currency: string, at: string): string | null {
  return priceAt(prices, { currency, customerGroup: null, at })?.amount ?? null;
}

/** A field whose value is well formed and yet names nothing: a refusal like any other, given again when repeated. */
export function unknownField(path: string, received: string, message: string, code: string): DomainError {
  const error: FieldError = { path, message, in: "body", received };
  return invalid(code, `"${path}" cannot be ${received}: it ${message}.`, { errors: [error] });
}
