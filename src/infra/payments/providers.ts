import { type PaymentProvider } from "../../domains/payment/provider";

/** The payment services of the shop, by the name that shoppers give in `payment.method`. */
export interface PaymentProviders {
  readonly names: readonly string[];
  get(name: string): PaymentProvider | undefined;
  /** Whether there is such a provider and the token is one of its own; else the order is not placed at all. */
  knows(means: { readonly method: string; readonly token: string }): boolean;
}

/** Part of what is recorded of every authorisation (see {@link recorded}), so no longer than a method's name. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** @throws when two providers have the same name, or one has a name that is not fit */
export function paymentProviders(providers: readonly PaymentProvider[]): PaymentProviders {
  const byName = new Map<string, PaymentProvider>();
  for (const provider of providers) {
    const { name } = provider;
    if (!NAME.test(name)) throw new Error(`a payment provider's name is 1 to 64 of a-z, 0-9, _ and -, not ${name}`);
    if (byName.has(name)) throw new Error(`there are two payment providers named ${name}`);
    byName.set(name, provider);
  }
  return {
    names: [...byName.keys()],
    get: (name) => byName.get(name),
    knows: ({ method, token }) => byName.get(method)?.knows(token) ?? false,
  };
}

/**
 * A provider's reference as the payment's events keep it: `test:6f1d…`. Captures, voids and refunds name only this,
 * also years later, and must find the provider that holds the money.
 */
export const recorded = (provider: PaymentProvider, reference: string): string => `${provider.name}:${reference}`;

/** The provider behind a recorded reference, and its own reference. @throws when there is no such provider (any more) */
export function holderOf(
  providers: PaymentProviders,
  recordedReference: string,
): { readonly provider: PaymentProvider; readonly providerReference: string } {
  const colon = recordedReference.indexOf(":");
  const name = recordedReference.slice(0, Math.max(0, colon));
  const provider = providers.get(name);
  if (!provider) throw new Error(`no payment provider of this shop gave the reference ${recordedReference}`);
  return { provider, providerReference: recordedReference.slice(colon + 1) };
}
