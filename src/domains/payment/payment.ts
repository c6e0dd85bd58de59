import {
  type Aggregate,
  compare,
  conflict,
  type CurrencyCode,
  type Decimal,
  type Decision,
  type DomainError,
  invalid,
  isZero,
  notFound,
  type OrderId,
  type PaymentId,
  roundTo,
  type Timestamp,
} from "../kernel";
import { type PaymentEvent } from "./events";
import { evolvePayment, open, type Payment, type PaymentState, refundable } from "./payment-state";

interface To<Type extends string> {
  readonly type: Type;
  readonly at: Timestamp;
  readonly paymentId: PaymentId;
}

export interface RequestPayment extends To<"RequestPayment"> {
  readonly orderId: OrderId;
  readonly amount: Decimal;
  readonly currency: CurrencyCode;
  readonly method: string;
  readonly token: string;
}
/** The provider said yes to the whole amount. */
export interface RecordAuthorisation extends To<"RecordAuthorisation"> {
  readonly providerReference: string;
}
/** The provider said no. */
export interface RecordDecline extends To<"RecordDecline"> {
  readonly reason: string;
}
export interface CapturePayment extends To<"CapturePayment"> {
  /** All that can be captured, unless given. */
  readonly amount?: Decimal | undefined;
}
export interface VoidPayment extends To<"VoidPayment"> {
  readonly reason: string;
}
export interface RefundPayment extends To<"RefundPayment"> {
  readonly refundId: string;
  /** All that can be refunded, unless given. */
  readonly amount?: Decimal | undefined;
  readonly reason: string;
}
/** The provider has not answered in time: the payment is void, unless it is authorised after all. */
export interface GiveUpPayment extends To<"GiveUpPayment"> {
  readonly reason: string;
}
/** The sale does not take place: whatever there is of the payment is let go or given back. */
export interface ReversePayment extends To<"ReversePayment"> {
  readonly reason: string;
}

export type PaymentCommand =
  | RequestPayment
  | RecordAuthorisation
  | RecordDecline
  | CapturePayment
  | VoidPayment
  | RefundPayment
  | GiveUpPayment
  | ReversePayment;

/** Never more is captured than was authorised, nor more refunded than was captured. */
export const payment: Aggregate<PaymentCommand, PaymentEvent, PaymentState> = {
  category: "payment",
  initialState: { status: "absent" },
  decide(command, state) {
    if (command.type === "RequestPayment") return request(command, state);
    if (state.status === "absent") {
      if (command.type === "ReversePayment") return [];
      return notFound("payment-not-found", `There is no payment ${command.paymentId}.`);
    }
    switch (command.type) {
      case "RecordAuthorisation":
        return authorise(command, state);
      case "RecordDecline":
        return decline(command, state);
      case "CapturePayment":
        return capture(command, state);
      case "VoidPayment":
        return voidPayment(command, state);
      case "RefundPayment":
        return refund(command, state);
      case "GiveUpPayment":
        return giveUp(command, state);
      case "ReversePayment":
        return reverse(command, state);
    }
  },
  evolve: evolvePayment,
};

const named = ({ paymentId, orderId, currency }: Payment) => ({ paymentId, orderId, currency });

function request(command: RequestPayment, state: PaymentState): Decision<PaymentEvent> {
  const { paymentId, orderId, amount, currency, method, token } = command;
  if (state.status !== "absent") {
    const same = state.orderId === orderId && state.currency === currency && compare(state.amount, amount) === 0;
    return same ? [] : conflict("payment-exists", `Payment ${paymentId} was requested for something else.`);
  }
  return [{ type: "PaymentRequested", data: { paymentId, orderId, amount, currency, method, token } }];
}

/** A yes that comes after the payment was voided holds the shopper's money for nothing: it is let go at once. */
function authorise({ providerReference }: RecordAuthorisation, state: Payment): Decision<PaymentEvent> {
  if (state.providerReference !== null) return [];
  const { amount } = state;
  switch (state.status) {
    case "requested":
      return [{ type: "PaymentAuthorised", data: { ...named(state), amount, providerReference } }];
    case "voided": {
      const reason = state.reason ?? "voided";
      return [{ type: "PaymentVoided", data: { ...named(state), amount, reason, providerReference } }];
    }
    default:
      return conflict("payment-answered", `The payment is ${state.status} already.`, { status: state.status });
  }
}

function decline({ reason }: RecordDecline, state: Payment): Decision<PaymentEvent> {
  switch (state.status) {
    case "requested":
      return [{ type: "PaymentDeclined", data: { ...named(state), reason } }];
    case "declined":
    case "voided":
      return [];
    default:
      return conflict("payment-answered", `The payment is ${state.status} already.`, { status: state.status });
  }
}

function capture({ amount }: CapturePayment, state: Payment): Decision<PaymentEvent> {
  const { providerReference, authorised, captured, currency } = state;
  const left = open(state);
  if (providerReference === null) return conflict("payment-not-authorised", "Nothing has been authorised.");
  if (amount === undefined && isZero(left) && !state.closed) return [];
  if (isZero(left)) {
    return conflict("nothing-to-capture", "Nothing authorised is left to capture.", { authorised, captured });
  }
  const wanted = amount ?? left;
  const unpayable = notPayable(wanted, currency);
  if (unpayable) return unpayable;
  if (compare(wanted, left) > 0) {
    const message = `Only ${roundTo(left, currency)} ${currency} can still be captured.`;
    return conflict("exceeds-authorisation", message, { authorised, captured, requested: wanted });
  }
  return [{ type: "PaymentCaptured", data: { ...named(state), amount: roundTo(wanted, currency), providerReference } }];
}

/** Before anything is captured; what was captured can only be refunded. */
function voidPayment({ reason }: VoidPayment, state: Payment): Decision<PaymentEvent> {
  switch (state.status) {
    case "requested":
    case "authorised":
      return [letGo(state, reason)];
    case "voided":
    case "declined":
      return [];
    case "captured":
    case "refunded":
      return conflict("payment-captured", "The payment has been captured: refund it.", { captured: state.captured });
  }
}

/** The same refund asked for again is the same refund. */
function refund({ refundId, amount, reason }: RefundPayment, state: Payment): Decision<PaymentEvent> {
  const { captured, refunded, currency } = state;
  const left = refundable(state);
  const known = state.refunds[refundId];
  const wanted = amount ?? known ?? left;
  if (known !== undefined) {
    if (compare(known, wanted) === 0) return [];
    return conflict("refund-exists", `Refund ${refundId} was of ${known} ${currency}.`, { refundId, amount: known });
  }
  if (isZero(left)) {
    return conflict("nothing-to-refund", "Nothing captured is left to refund.", { captured, refunded });
  }
  const unpayable = notPayable(wanted, currency);
  if (unpayable) return unpayable;
  if (compare(wanted, left) > 0) {
    const message = `Only ${roundTo(left, currency)} ${currency} can still be refunded.`;
    return conflict("exceeds-capture", message, { captured, refunded, requested: wanted });
  }
  return refundOf(state, refundId, wanted, reason);
}

/** Whether the answer or the end of patience came first is settled here, for everybody. */
function giveUp({ reason }: GiveUpPayment, state: Payment): Decision<PaymentEvent> {
  switch (state.status) {
    case "requested":
      return [letGo(state, reason)];
    case "declined":
    case "voided":
      return [];
    case "authorised":
    case "captured":
    case "refunded":
      return conflict("payment-authorised", "The provider has said yes in the meantime.", { status: state.status });
  }
}

function reverse({ reason }: ReversePayment, state: Payment): Decision<PaymentEvent> {
  switch (state.status) {
    case "requested":
    case "authorised":
      return [letGo(state, reason)];
    case "declined":
    case "voided":
      return [];
    case "captured":
    case "refunded": {
      const rest = isZero(open(state)) ? [] : [letGo(state, reason)];
      const left = refundable(state);
      return [...rest, ...(isZero(left) ? [] : refundOf(state, `reversal:${reason}`.slice(0, 128), left, reason))];
    }
  }
}

function letGo(state: Payment, reason: string): PaymentEvent {
  const { providerReference, currency } = state;
  const amount = roundTo(open(state), currency);
  return { type: "PaymentVoided", data: { ...named(state), amount, reason, providerReference } };
}

function refundOf(state: Payment, refundId: string, wanted: Decimal, reason: string): PaymentEvent[] {
  const { providerReference, currency } = state;
  if (providerReference === null) return [];
  const amount = roundTo(wanted, currency);
  return [{ type: "PaymentRefunded", data: { ...named(state), refundId, amount, reason, providerReference } }];
}

/** An amount that can be paid: more than 0, with no more digits than the currency has. */
function notPayable(amount: Decimal, currency: string): DomainError | undefined {
  if (compare(amount, "0") > 0 && compare(amount, roundTo(amount, currency)) === 0) return undefined;
  const message = `${amount} cannot be paid in ${currency}: more than 0, with no more digits than the currency has.`;
  return invalid("amount-not-payable", message, { field: "amount", amount, currency });
}
