import { type Decimal } from "../kernel";

/** What a provider is asked to hold. */
export interface AuthoriseRequest {
  readonly paymentId: string;
  readonly orderId: string;
  readonly amount: Decimal;
  readonly currency: string;
  /** The provider's own name for the shopper's card or account. */
  readonly token: string;
}

/** `pending`: the answer comes later, or never. */
export type AuthoriseResult =
  | { readonly status: "approved"; readonly providerReference: string }
  | { readonly status: "declined"; readonly reason: string }
  | { readonly status: "pending" };

/** What is done with money that the provider holds or has taken. */
export interface SettleRequest {
  readonly providerReference: string;
  readonly amount: Decimal;
  readonly currency: string;
}

/**
 * A payment service. Every call carries an idempotency key: a repeated key gives the first answer and moves no money.
 * A call that fails for a technical reason rejects, and is repeated under the same key.
 */
export interface PaymentProvider {
  /** As shoppers name it in `payment.method`. */
  readonly name: string;
  /** Whether a token is one that the provider has given out; an unknown one is refused before the order is placed. */
  knows(token: string): boolean;
  authorise(request: AuthoriseRequest, idempotencyKey: string): Promise<AuthoriseResult>;
  capture(request: SettleRequest, idempotencyKey: string): Promise<void>;
  /** Lets go what is held and not captured. */
  void(request: SettleRequest, idempotencyKey: string): Promise<void>;
  refund(request: SettleRequest, idempotencyKey: string): Promise<void>;
}
