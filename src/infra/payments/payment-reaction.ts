import { FORGOTTEN, type Recorded } from "../../domains/kernel";
import { type PaymentEvent } from "../../domains/payment/events";
import { type AuthoriseResult, type PaymentProvider } from "../../domains/payment/provider";
import { type CommandCause, type Reaction } from "../runtime/reaction";
import { called, type Calling, type ProviderTimes } from "./provider-call";
import { holderOf, type PaymentProviders, recorded } from "./providers";

/** Sends a command to an aggregate; resolves with what became of it. */
export type SendPaymentCommand = (
  category: string,
  id: string,
  command: { readonly type: string } & Readonly<Record<string, unknown>>,
  cause: CommandCause,
) => Promise<{ readonly accepted: boolean }>;

export interface PaymentReactionOptions {
  /** How long a provider's call may take, in ms. */
  readonly patience?: number;
  /** Is told how long each call took. */
  readonly times?: ProviderTimes | undefined;
}

type Heard<Type extends PaymentEvent["type"]> = Recorded<Extract<PaymentEvent, { type: Type }>>;

const NAME = "payment-provider";
/** Longest reason that a payment keeps. */
const LONGEST = 500;

/**
 * Does with the provider what the payment's events say: asks for the money, and takes, lets go or gives back. Every
 * call goes under the id of its event as idempotency key, so that handling an event again moves no money.
 */
export function paymentReaction(
  providers: PaymentProviders,
  send: SendPaymentCommand,
  { patience = 10_000, times }: PaymentReactionOptions = {},
): Reaction {
  return {
    name: NAME,
    context: "payment",
    events: [
      "PaymentRequested",
      "PaymentCaptured",
      "PaymentVoided",
      "PaymentRefunded",
    ] satisfies PaymentEvent["type"][],
    async react(recordedEvent) {
      const event = recordedEvent as Recorded<PaymentEvent>;
      switch (event.type) {
        case "PaymentRequested":
          return authorise(event);
        case "PaymentCaptured":
          return settle("capture", event, event.data.providerReference);
        case "PaymentRefunded":
          return settle("refund", event, event.data.providerReference);
        case "PaymentVoided": {
          // Not answered yet: there is nothing to let go. Should the yes still come, another such event follows.
          const { providerReference } = event.data;
          return providerReference === null ? undefined : settle("void", event, providerReference);
        }
        case "PaymentAuthorised":
        case "PaymentDeclined":
          return;
      }
    },
  };

  function calling(provider: string, operation: Calling["operation"]): Calling {
    return { provider, operation, patience, times };
  }

  async function authorise(event: Heard<"PaymentRequested">): Promise<void> {
    const { paymentId, orderId, amount, currency, method, token } = event.data;
    if (token === FORGOTTEN) return decline(event, "person-forgotten");
    const provider = providers.get(method);
    if (!provider) return decline(event, "unknown payment method");
    const request = { paymentId, orderId, amount, currency, token };
    const result: AuthoriseResult = await called(
      calling(method, "authorise"),
      () => provider.authorise(request, event.id),
      ({ status }) => status,
    );
    switch (result.status) {
      case "approved":
        return approve(event, provider, result.providerReference);
      case "declined":
        return decline(event, result.reason);
      case "pending":
        return;
    }
  }

  /** A yes that the payment does not take, since it was declined before, would hold the money for nothing. */
  async function approve(
    event: Heard<"PaymentRequested">,
    provider: PaymentProvider,
    reference: string,
  ): Promise<void> {
    const { accepted } = await record(event, "authorised", {
      type: "RecordAuthorisation",
      providerReference: recorded(provider, reference),
    });
    if (accepted) return;
    const { amount, currency } = event.data;
    const request = { providerReference: reference, amount, currency };
    await called(calling(provider.name, "void"), () => provider.void(request, `${event.id}:void`));
  }

  /** Refused where the payment has been authorised in the meantime, and then that stands. */
  async function decline(event: Heard<"PaymentRequested">, reason: string): Promise<void> {
    const words = reason.trim().slice(0, LONGEST) || "declined";
    await record(event, "declined", { type: "RecordDecline", reason: words });
  }

  /** Yes and no have keys of their own: another answer than the first must be decided on, not taken for a repeat. */
  function record(
    { id, data: { paymentId }, metadata: { correlationId, traceparent } }: Heard<"PaymentRequested">,
    answer: "authorised" | "declined",
    command: { readonly type: string } & Readonly<Record<string, unknown>>,
  ): Promise<{ readonly accepted: boolean }> {
    const cause = { key: `${id}:${answer}`, correlationId, causationId: id, actor: `process:${NAME}`, traceparent };
    return send("payment", paymentId, { ...command, paymentId }, cause);
  }

  function settle(
    what: "capture" | "void" | "refund",
    { id, data: { amount, currency } }: Heard<"PaymentCaptured" | "PaymentVoided" | "PaymentRefunded">,
    reference: string,
  ): Promise<void> {
    const { provider, providerReference } = holderOf(providers, reference);
    return called(calling(provider.name, what), () => provider[what]({ providerReference, amount, currency }, id));
  }
}
