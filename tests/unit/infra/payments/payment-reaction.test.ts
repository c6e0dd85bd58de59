import { type PaymentCommand } from "../../../../src/domains/payment";
import { paymentProviders, paymentReaction, ProviderUnavailable, testProvider } from "../../../../src/infra/payments";
import { at, Bank, Ledger, paymentId, request } from "./bank";

const yes = { status: "approved", providerReference: "b-1" } as const;
const to = { at, paymentId };
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

function started(bank: Bank, ...commands: readonly PaymentCommand[]) {
  const ledger = new Ledger();
  for (const command of commands) ledger.command(command);
  return { bank, ledger, reaction: paymentReaction(paymentProviders([bank, testProvider()]), ledger.send) };
}

const types = ({ events }: Ledger) => events.map(({ type }) => type);

describe("asking the provider", () => {
  it("records its yes under a reference that names the provider", async () => {
    const { bank, ledger, reaction } = started(new Bank(yes), request());
    await ledger.run(reaction);
    expect(bank.moves).toEqual(["authorise 14.15 GBP card-1"]);
    expect(ledger.events.at(-1)).toMatchObject({
      type: "PaymentAuthorised",
      data: { amount: "14.15", providerReference: "bank:b-1" },
    });
    const [requested] = ledger.log;
    expect(ledger.causes).toEqual([
      {
        key: `${requested?.id}:authorised`,
        correlationId: requested?.metadata.correlationId,
        causationId: requested?.id,
        actor: "process:payment-provider",
      },
    ]);
  });

  it("records its no with the reason", async () => {
    const { ledger, reaction } = started(new Bank({ status: "declined", reason: " do not honour " }), request());
    await ledger.run(reaction);
    expect(ledger.events.at(-1)).toMatchObject({ type: "PaymentDeclined", data: { reason: "do not honour" } });
  });

  it("records nothing while there is no answer", async () => {
    const { ledger, reaction } = started(new Bank({ status: "pending" }), request());
    await ledger.run(reaction);
    expect(types(ledger)).toEqual(["PaymentRequested"]);
  });

  it("declines a method that no provider has", async () => {
    const { bank, ledger, reaction } = started(new Bank(yes), request("cheque"));
    await ledger.run(reaction);
    expect(ledger.events.at(-1)).toMatchObject({
      type: "PaymentDeclined",
      data: { reason: "unknown payment method" },
    });
    expect(bank.moves).toEqual([]);
  });

  it.each([
    ["tok_approve", "PaymentAuthorised"],
    ["tok_decline", "PaymentDeclined"],
  ])("goes by the test provider's token %s: %s", async (token, type) => {
    const { ledger, reaction } = started(new Bank(yes), request("test", token));
    await ledger.run(reaction);
    expect(types(ledger)).toEqual(["PaymentRequested", type]);
  });
});

describe("moving the money", () => {
  it("captures and refunds in parts, and lets go the rest", async () => {
    const { bank, ledger, reaction } = started(new Bank(yes), request());
    await ledger.run(reaction);
    const from = ledger.events.length;
    const reverse: PaymentCommand = { type: "ReversePayment", ...to, reason: "order-cancelled" };
    for (const command of [capture("4.10"), refund("r1", "1"), reverse]) ledger.command(command);
    await ledger.run(reaction, from);
    expect(bank.moves.slice(1)).toEqual([
      "capture 4.10 GBP b-1",
      "refund 1.00 GBP b-1",
      "void 10.05 GBP b-1",
      "refund 3.10 GBP b-1",
    ]);
  });

  it("moves nothing twice when events are heard again", async () => {
    const { bank, ledger, reaction } = started(new Bank(yes), request());
    await ledger.run(reaction);
    for (const command of [capture(), refund("r1")]) ledger.command(command);
    await ledger.run(reaction);
    const [moves, events] = [[...bank.moves], [...ledger.events]];
    await ledger.run(reaction);
    expect(bank.moves).toEqual(moves);
    expect(ledger.events).toEqual(events);
    expect(moves).toEqual(["authorise 14.15 GBP card-1", "capture 14.15 GBP b-1", "refund 14.15 GBP b-1"]);
  });

  it("lets go a payment that is voided", async () => {
    const { bank, ledger, reaction } = started(new Bank(yes), request());
    await ledger.run(reaction);
    ledger.command(letGo);
    await ledger.run(reaction, 2);
    expect(bank.moves.slice(1)).toEqual(["void 14.15 GBP b-1"]);
  });

  it("lets go a yes that comes after the payment was given up", async () => {
    const { bank, ledger, reaction } = started(new Bank(yes), request(), giveUp);
    await ledger.run(reaction);
    expect(types(ledger)).toEqual(["PaymentRequested", "PaymentVoided", "PaymentVoided"]);
    expect(bank.moves).toEqual(["authorise 14.15 GBP card-1", "void 14.15 GBP b-1"]);
  });

  it("lets go a yes that comes after the payment was declined", async () => {
    const ledger = new Ledger();
    ledger.command(request());
    await ledger.run(paymentReaction(paymentProviders([testProvider()]), ledger.send));
    expect(types(ledger)).toEqual(["PaymentRequested", "PaymentDeclined"]);
    const bank = new Bank(yes);
    await ledger.run(paymentReaction(paymentProviders([bank]), ledger.send));
    expect(types(ledger)).toEqual(["PaymentRequested", "PaymentDeclined"]);
    expect(bank.moves).toEqual(["authorise 14.15 GBP card-1", "void 14.15 GBP b-1"]);
  });

  it("does not pass over money whose provider is gone", async () => {
    const { ledger, reaction } = started(new Bank(yes), request());
    await ledger.run(reaction);
    ledger.command(capture());
    const without = paymentReaction(paymentProviders([testProvider()]), ledger.send);
    await expect(ledger.run(without, 2)).rejects.toThrow(
      "no payment provider of this shop gave the reference bank:b-1",
    );
  });
});

describe("a provider out of reach", () => {
  it("is asked again under the same key", async () => {
    const { bank, ledger, reaction } = started(new Bank(yes), request());
    bank.failures = 1;
    const failed = ledger.run(reaction);
    await expect(failed).rejects.toThrow(ProviderUnavailable);
    await expect(failed).rejects.toThrow("the payment provider bank is unavailable: connection refused");
    expect(types(ledger)).toEqual(["PaymentRequested"]);
    await ledger.run(reaction);
    expect(types(ledger)).toEqual(["PaymentRequested", "PaymentAuthorised"]);
  });

  it("is not waited for without end", async () => {
    const silent = new Bank(new Promise(() => undefined));
    const { ledger } = started(silent, request());
    const reaction = paymentReaction(paymentProviders([silent]), ledger.send, { patience: 1 });
    await expect(ledger.run(reaction)).rejects.toThrow("no answer within 1 ms");
  });
});

test("each call is told with what came of it, and how long it took", async () => {
  const told: string[] = [];
  const times = (provider: string, operation: string, outcome: string, seconds: number) => {
    told.push(`${provider} ${operation} ${outcome}`);
    expect(seconds).toBeGreaterThanOrEqual(0);
  };
  const { bank, ledger } = started(new Bank(yes), request());
  const reaction = paymentReaction(paymentProviders([bank]), ledger.send, { times });
  bank.failures = 1;
  await expect(ledger.run(reaction)).rejects.toThrow(ProviderUnavailable);
  await ledger.run(reaction);
  ledger.command(capture());
  await ledger.run(reaction, 2);
  expect(told).toEqual(["bank authorise unavailable", "bank authorise approved", "bank capture done"]);
});
