import {
  type CurrencyCode,
  DomainError,
  fold,
  type OrderId,
  type PaymentId,
  type Recorded,
  type Timestamp,
} from "../../../../src/domains/kernel";
import {
  type AuthoriseResult,
  payment,
  type PaymentCommand,
  type PaymentEvent,
  type PaymentProvider,
} from "../../../../src/domains/payment";
import { type SendPaymentCommand } from "../../../../src/infra/payments";
import { type Reaction } from "../../../../src/infra/runtime/reaction";
import { log } from "../../../support/fold";

export const at = "2026-01-01T12:00:00.000Z" as Timestamp;
export const paymentId = "33333333-3333-4333-8333-333333333333" as PaymentId;
export const orderId = "22222222-2222-4222-8222-222222222222" as OrderId;

/** A provider that keeps books: what it was asked, and what moved under each key. */
export class Bank implements PaymentProvider {
  readonly name = "bank";
  readonly moves: string[] = [];
  /** Calls that fail before the next one succeeds. */
  failures = 0;
  private readonly keys = new Set<string>();

  constructor(private readonly answer: AuthoriseResult | Promise<AuthoriseResult>) {}

  knows(): boolean {
    return true;
  }
  async authorise({ amount, currency, token }: { amount: string; currency: string; token: string }, key: string) {
    this.move(`authorise ${amount} ${currency} ${token}`, key);
    return this.answer;
  }
  capture = (request: Settled, key: string) => this.settle("capture", request, key);
  void = (request: Settled, key: string) => this.settle("void", request, key);
  refund = (request: Settled, key: string) => this.settle("refund", request, key);

  private async settle(what: string, { amount, currency, providerReference }: Settled, key: string): Promise<void> {
    this.move(`${what} ${amount} ${currency} ${providerReference}`, key);
  }
  private move(what: string, key: string): void {
    if (this.failures-- > 0) throw new Error("connection refused");
    if (!this.keys.has(key)) this.moves.push(what);
    this.keys.add(key);
  }
}
type Settled = { readonly amount: string; readonly currency: string; readonly providerReference: string };

/** One payment as the engine keeps it: commands once per id, refused or recorded. */
export class Ledger {
  readonly events: PaymentEvent[] = [];
  readonly causes: Parameters<SendPaymentCommand>[3][] = [];
  private readonly done = new Set<string>();

  /** The command of somebody else. */
  command(command: PaymentCommand): void {
    const decision = payment.decide(command, fold(payment, this.events));
    if (decision instanceof DomainError) throw new Error(decision.message);
    this.events.push(...decision);
  }

  readonly send: SendPaymentCommand = (category, id, command, cause) => {
    expect([category, id]).toEqual(["payment", paymentId]);
    this.causes.push(cause);
    if (this.done.has(cause.key)) return Promise.resolve({ accepted: true });
    const decision = payment.decide({ ...command, at } as PaymentCommand, fold(payment, this.events));
    if (decision instanceof DomainError) return Promise.resolve({ accepted: false });
    this.done.add(cause.key);
    this.events.push(...decision);
    return Promise.resolve({ accepted: true });
  };

  /** The log as it is now. */
  get log(): Recorded<PaymentEvent>[] {
    return log(...this.events.map((event): [string, PaymentEvent] => [`payment-${paymentId}`, event]));
  }

  /** Hears every event that the reaction listens to, from the given one on, also those that follow from it. */
  async run(reaction: Reaction, from = 0): Promise<void> {
    for (let next = from; next < this.events.length; next++) {
      const event = this.log[next] as Recorded<PaymentEvent>;
      if (reaction.events.includes(event.type)) await reaction.react(event as Recorded);
    }
  }
}

export const request = (method = "bank", token = "card-1"): PaymentCommand => ({
  type: "RequestPayment",
  at,
  paymentId,
  orderId,
  currency: "GBP" as CurrencyCode,
  amount: "14.15",
  method,
  token,
});
