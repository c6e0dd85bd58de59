import fc from "fast-check";
import { compare, type CurrencyCode, DomainError, fold, type OrderId, type PaymentId, plus, type Timestamp } from "../../../../src/domains/kernel"; // prettier-ignore
import { type Payment, payment, type PaymentCommand, type PaymentEvent, paymentEvents } from "../../../../src/domains/payment"; // prettier-ignore
import { spec } from "../../../support/spec";

const at = "2026-01-01T12:00:00.000Z" as Timestamp;
const paymentId = "33333333-3333-4333-8333-333333333333" as PaymentId;
const orderId = "22222222-2222-4222-8222-222222222222" as OrderId;
const currency = "GBP" as CurrencyCode;
const to = { at, paymentId };
const named = { paymentId, orderId, currency };
const providerReference = "ref-1";

const request: PaymentCommand = {
  type: "RequestPayment",
  ...to,
  orderId,
  currency,
  amount: "14.15",
  method: "test",
  token: "tok_approve",
};
const yes: PaymentCommand = { type: "RecordAuthorisation", ...to, providerReference };
const no: PaymentCommand = { type: "RecordDecline", ...to, reason: "insufficient funds" };
const capture = (amount?: string): PaymentCommand => ({ type: "CapturePayment", ...to, amount });
const refund = (refundId: string, amount?: string): PaymentCommand => ({
  type: "RefundPayment",
  ...to,
  refundId,
  amount,
  reason: "broken",
});
const letGo: PaymentCommand = { type: "VoidPayment", ...to, reason: "changed mind" };
const giveUp: PaymentCommand = { type: "GiveUpPayment", ...to, reason: "payment-timeout" };
const reverse: PaymentCommand = { type: "ReversePayment", ...to, reason: "order-cancelled" };

const requested: PaymentEvent = {
  type: "PaymentRequested",
  data: { ...named, amount: "14.15", method: "test", token: "tok_approve" },
};
const authorised: PaymentEvent = { type: "PaymentAuthorised", data: { ...named, amount: "14.15", providerReference } };
const declined: PaymentEvent = { type: "PaymentDeclined", data: { ...named, reason: "insufficient funds" } };
const captured = (amount: string): PaymentEvent => ({
  type: "PaymentCaptured",
  data: { ...named, amount, providerReference },
});
const voided = (amount: string, reason: string, reference: string | null = providerReference): PaymentEvent => ({
  type: "PaymentVoided",
  data: { ...named, amount, reason, providerReference: reference },
});
const refunded = (refundId: string, amount: string, reason = "broken"): PaymentEvent => ({
  type: "PaymentRefunded",
  data: { ...named, refundId, amount, reason, providerReference },
});

describe("asking the provider", () => {
  it("is asked once for one amount", () => {
    spec(payment).when(request).then(requested);
    spec(payment).given(requested).when(request).then();
    spec(payment)
      .given(requested)
      .when({ ...request, amount: "1.00" } as PaymentCommand)
      .thenRefused("payment-exists");
  });
  it("answers yes or no, once", () => {
    spec(payment).given(requested).when(yes).then(authorised);
    spec(payment).given(requested, authorised).when(yes).then();
    spec(payment).given(requested, authorised).when(no).thenRefused("payment-answered");
    spec(payment).given(requested).when(no).then(declined);
    spec(payment).given(requested, declined).when(no).then();
    spec(payment).given(requested, declined).when(yes).thenRefused("payment-answered");
    spec(payment).when(yes).thenRefused("payment-not-found");
  });
  it("a yes after the end of patience is let go", () => {
    const void0 = voided("0.00", "payment-timeout", null);
    spec(payment).given(requested).when(giveUp).then(void0);
    spec(payment).given(requested, void0).when(yes).then(voided("14.15", "payment-timeout"));
    spec(payment).given(requested, void0, voided("14.15", "payment-timeout")).when(yes).then();
    spec(payment).given(requested, void0).when(no).then();
    spec(payment).given(requested, authorised).when(giveUp).thenRefused("payment-authorised");
    spec(payment).given(requested, declined).when(giveUp).then();
  });
});

describe("capturing", () => {
  it("takes all, or a part, of what is authorised", () => {
    spec(payment).given(requested, authorised).when(capture()).then(captured("14.15"));
    spec(payment).given(requested, authorised).when(capture("4.1")).then(captured("4.10"));
    spec(payment).given(requested, authorised, captured("4.10")).when(capture()).then(captured("10.05"));
    spec(payment).given(requested, authorised, captured("14.15")).when(capture()).then();
  });
  it("never takes more", () => {
    spec(payment)
      .given(requested, authorised, captured("4.10"))
      .when(capture("10.06"))
      .thenRefused("exceeds-authorisation");
    spec(payment)
      .given(requested, authorised, captured("14.15"))
      .when(capture("0.01"))
      .thenRefused("nothing-to-capture");
    spec(payment).given(requested).when(capture()).thenRefused("payment-not-authorised");
    spec(payment).given(requested, authorised, voided("14.15", "x")).when(capture()).thenRefused("nothing-to-capture");
  });
  it("takes only what can be paid", () => {
    for (const amount of ["0", "-1", "0.001"]) {
      spec(payment)
        .given(requested, authorised)
        .when(capture(amount))
        .thenRefused("amount-not-payable", { field: "amount" });
    }
  });
});

describe("giving back", () => {
  const all = [requested, authorised, captured("14.15")];
  it("gives back all, or a part, of what was captured", () => {
    spec(payment)
      .given(...all)
      .when(refund("r1"))
      .then(refunded("r1", "14.15"));
    spec(payment)
      .given(...all, refunded("r1", "4.15"))
      .when(refund("r2"))
      .then(refunded("r2", "10.00"));
  });
  it("never more, and a refund repeated is the same refund", () => {
    const once = [...all, refunded("r1", "4.15")];
    spec(payment)
      .given(...once)
      .when(refund("r2", "10.01"))
      .thenRefused("exceeds-capture");
    spec(payment)
      .given(...once)
      .when(refund("r1", "4.15"))
      .then();
    spec(payment)
      .given(...once)
      .when(refund("r1"))
      .then();
    spec(payment)
      .given(...once)
      .when(refund("r1", "5.00"))
      .thenRefused("refund-exists");
    spec(payment)
      .given(...all, refunded("r1", "14.15"))
      .when(refund("r2"))
      .thenRefused("nothing-to-refund");
    spec(payment).given(requested, authorised).when(refund("r1")).thenRefused("nothing-to-refund");
  });
  it("lets go what is not captured", () => {
    spec(payment).given(requested, authorised).when(letGo).then(voided("14.15", "changed mind"));
    spec(payment).given(requested, authorised, voided("14.15", "changed mind")).when(letGo).then();
    spec(payment)
      .given(...all)
      .when(letGo)
      .thenRefused("payment-captured");
  });
  it("reverses whatever there is", () => {
    spec(payment).when(reverse).then();
    spec(payment)
      .given(requested)
      .when(reverse)
      .then(voided("0.00", "order-cancelled", null));
    spec(payment).given(requested, authorised).when(reverse).then(voided("14.15", "order-cancelled"));
    spec(payment).given(requested, declined).when(reverse).then();
    const back = (amount: string) => refunded("reversal:order-cancelled", amount, "order-cancelled");
    spec(payment)
      .given(...all)
      .when(reverse)
      .then(back("14.15"));
    spec(payment)
      .given(requested, authorised, captured("4.15"))
      .when(reverse)
      .then(voided("10.00", "order-cancelled"), back("4.15"));
    spec(payment)
      .given(...all, back("14.15"))
      .when(reverse)
      .then();
  });
});

describe("whatever is commanded", () => {
  const amount = fc.option(
    fc.integer({ min: -2, max: 1600 }).map((pence) => (pence / 100).toFixed(2)),
    { nil: undefined },
  );
  const command: fc.Arbitrary<PaymentCommand> = fc.oneof(
    fc.constantFrom(request, yes, yes, yes, no, letGo, giveUp, reverse),
    amount.map(capture),
    fc.tuple(fc.constantFrom("r1", "r2", "r3"), amount).map(([id, each]) => refund(id, each)),
  );
  it("refunded ≤ captured ≤ authorised ≤ requested, and every event fits its schema", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
        const history: PaymentEvent[] = [requested];
        for (const each of commands) {
          const decision = payment.decide(each, fold(payment, history));
          if (decision instanceof DomainError) continue;
          history.push(...decision);
          for (const { type, data } of decision) paymentEvents[type].schema.parse(data);
          const state = fold(payment, history) as Payment;
          expect(compare(state.refunded, state.captured)).toBeLessThanOrEqual(0);
          expect(compare(state.captured, state.authorised)).toBeLessThanOrEqual(0);
          expect(compare(state.authorised, state.amount)).toBeLessThanOrEqual(0);
          expect(Object.values(state.refunds).reduce(plus, "0")).toBe(state.refunded);
        }
      }),
      { numRuns: 500 },
    );
  });
  it("after a reversal the shop has none of the money", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 25 }), (commands) => {
        let state = fold(payment, [requested]);
        for (const each of [...commands, reverse, capture(), yes]) {
          const decision = payment.decide(each, state);
          if (!(decision instanceof DomainError)) state = fold(payment, decision, state);
        }
        const { captured: taken, refunded: given, status } = state as Payment;
        expect(given).toBe(taken);
        expect(["declined", "voided", "refunded"]).toContain(status);
      }),
    );
  });
});
