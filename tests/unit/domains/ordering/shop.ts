import { type CartEvent } from "../../../../src/domains/cart";
import { stock, type StockState } from "../../../../src/domains/inventory";
import { reservationOf } from "../../../../src/domains/inventory/stock-state";
import {
  type Aggregate,
  type Answer,
  type CurrencyCode,
  DomainError,
  type DomainEvent,
  fold,
  type Intent,
  type Recorded,
  type Sku,
  type Timestamp,
} from "../../../../src/domains/kernel";
import {
  type CheckoutEvent,
  type CheckoutHeard,
  checkoutProcess,
  type CheckoutState,
  order,
  type OrderState,
} from "../../../../src/domains/ordering";
import { payment, type PaymentState } from "../../../../src/domains/payment";
import { address, cartId, GB, line, orderId, owner, paymentId, productId, standard } from "../cart/fixtures";

type CheckedOut = Extract<CartEvent, { type: "CartCheckedOut" }>;

/** A checkout of 2 pieces of A and 3 of B. */
export const ordered: Readonly<Record<string, number>> = { A: 2, B: 3 };

const soldLine = (sku: string, quantity: number) => ({
  lineId: line(sku),
  sku: sku as Sku,
  productId,
  name: sku,
  quantity,
  unitPrice: "1.00",
  total: `${quantity}.00`,
  taxCategory: "standard",
  taxRate: "0.20",
});

export const checkedOut: CheckedOut = {
  type: "CartCheckedOut",
  data: {
    cartId,
    orderId,
    paymentId,
    owner,
    currency: "GBP" as CurrencyCode,
    country: GB,
    email: "ada@example.org",
    shippingAddress: address(GB),
    shippingMethod: standard("3.95"),
    lines: Object.entries(ordered).map(([sku, quantity]) => soldLine(sku, quantity)),
    totals: { items: "5.00", shipping: "3.95", tax: "1.49", grand: "8.95" },
    taxIncluded: true,
    payment: { method: "test", token: "tok_approve" },
  },
};

class Crash extends Error {}

/**
 * The aggregates of one checkout and the process between them, run as the runtime runs it: commands are executed once
 * per id, what the process has learnt is recorded at the end of a run, and a crash in between loses just that.
 */
export class Shop {
  readonly process = checkoutProcess({ paymentTimeout: 60_000 });
  readonly own: CheckoutEvent[] = [];
  /** What the process may hear, in the order of the log. */
  readonly log: CheckoutHeard[] = [checkedOut];
  /** Commands that were refused and are wanted all the same, of the last run that stood still. */
  stuckAt: readonly string[] = [];
  private heard = 0;
  private now = Date.UTC(2026, 0, 1);
  private readonly done = new Set<string>();
  private readonly streams = new Map<string, DomainEvent[]>();

  /** Hears up to `count` more events in one go; with a crash once `crashAfter` commands have been executed. */
  deliver(count: number, crashAfter = Infinity): void {
    const batch = this.log.slice(this.heard, this.heard + count);
    if (batch.length > 0 && this.run((state) => this.hear(batch, state), crashAfter)) this.heard += batch.length;
  }

  /** Hears an event again that it has heard before. */
  redeliver(index: number, crashAfter = Infinity): void {
    const event = this.log[index % Math.max(1, this.heard)];
    if (this.heard > 0 && event) this.run((state) => this.hear([event], state), crashAfter);
  }

  passTime(seconds: number): void {
    this.now += seconds * 1000;
  }

  /** The durable timer fires, if it is due. */
  wake(crashAfter = Infinity): void {
    const deadline = this.process.deadline(this.checkout);
    if (deadline === undefined || Date.parse(deadline.at) > this.now) return;
    this.run((state) => this.process.expired(deadline, this.time, state), crashAfter);
  }

  /** A command from elsewhere; refusals are somebody else's worry. */
  command(category: "order" | "payment" | "stock", id: string, command: object): void {
    this.decide({ key: "", category, id, command: command as Intent["command"] });
  }

  get pending(): number {
    return this.log.length - this.heard;
  }
  get checkout(): CheckoutState {
    return this.own.reduce(this.process.evolve, this.process.initialState);
  }
  get order(): OrderState {
    return this.state(order, orderId);
  }
  get payment(): PaymentState {
    return this.state(payment, paymentId);
  }
  stock(sku: string): StockState {
    return this.state(stock, `main-${sku}`);
  }
  reserved(sku: string): number {
    return reservationOf(this.stock(sku), orderId)?.quantity ?? 0;
  }
  shipped(sku: string): number {
    const facts = this.streams.get(`stock-main-${sku}`) ?? [];
    return facts.filter(({ type }) => type === "StockShipped").length * (ordered[sku] ?? 0);
  }

  private get time(): Timestamp {
    return new Date(this.now).toISOString() as Timestamp;
  }

  private hear(events: readonly CheckoutHeard[], state: CheckoutState): CheckoutEvent[] {
    const learnt: CheckoutEvent[] = [];
    for (const event of events) {
      const fresh = this.process.react(event as Recorded<CheckoutHeard>, learnt.reduce(this.process.evolve, state));
      learnt.push(...fresh);
    }
    return learnt;
  }

  /** Whether it ran to its end. */
  private run(input: (state: CheckoutState) => readonly CheckoutEvent[], crashAfter: number): boolean {
    let left = crashAfter;
    const learnt: CheckoutEvent[] = [];
    let state = this.checkout;
    const learn = (events: readonly CheckoutEvent[]) => {
      learnt.push(...events);
      state = events.reduce(this.process.evolve, state);
    };
    try {
      learn(input(state));
      for (let round = 0; ; round++) {
        const intents = this.process.wants(state);
        if (intents.length === 0) break;
        if (round > 20) throw new Error("the process runs in circles");
        const answers = intents.map((intent) => {
          if (left-- <= 0) throw new Crash();
          return this.decide(intent);
        });
        const before = learnt.length;
        intents.forEach((intent, index) => {
          learn(this.process.answered(intent, answers[index] as Answer, this.time, state));
        });
        if (learnt.length === before) return this.standsStill(intents);
      }
    } catch (error) {
      if (error instanceof Crash) return false;
      throw error;
    }
    this.own.push(...learnt);
    return true;
  }

  /** The runtime sets a process aside that wants the same again; what it has learnt in the run is not recorded. */
  private standsStill(intents: readonly Intent[]): false {
    this.stuckAt = intents.map(({ command }) => command.type);
    return false;
  }

  private decide({ key, category, id, command }: Intent): Answer {
    const commandId = `${category}-${id}/${key}`;
    if (key !== "" && this.done.has(commandId)) return { accepted: true };
    const aggregate = { order, payment, stock }[category] as unknown as Aggregate<object, DomainEvent, unknown>;
    const history = this.history(`${category}-${id}`);
    const decision = aggregate.decide({ ...command, at: this.time }, fold(aggregate, history));
    if (decision instanceof DomainError) return { accepted: false, error: decision };
    if (decision.length > 0 && key !== "") this.done.add(commandId);
    history.push(...decision);
    const audible = decision.filter(({ type }) => (this.process.events as readonly string[]).includes(type));
    this.log.push(...(audible as CheckoutHeard[]));
    return { accepted: true };
  }

  private history(stream: string): DomainEvent[] {
    const known = this.streams.get(stream) ?? [];
    this.streams.set(stream, known);
    return known;
  }

  private state<C, E extends DomainEvent, S>(aggregate: Aggregate<C, E, S>, id: string): S {
    return fold(aggregate, this.history(`${aggregate.category}-${id}`) as E[]);
  }
}
