export { paymentReaction, type PaymentReactionOptions, type SendPaymentCommand } from "./payment-reaction";
export { ProviderUnavailable } from "./provider-call";
export { paymentProviders, type PaymentProviders } from "./providers";
export { testProvider } from "./test-provider";
