import { type CartEvent } from "../../domains/cart/events";
import { plus, type Projection, type Recorded, timesWhole } from "../../domains/kernel";
import { type OrderEvent } from "../../domains/ordering/events";
import { documentTotal } from "./document-total";

type CartTotal = Extract<CartEvent, { type: "CartOpened" | "CartCheckedOut" | "CartAbandoned" }>;
export type TotalsEvent = OrderEvent | CartTotal;

/** What has happened to orders, or to carts, and how often. */
export type Happening =
  | "placed"
  | "confirmed"
  | "completed"
  | "cancelled-before-confirmation"
  | "cancelled-after-confirmation"
  | "imported"
  | "opened"
  | "checked-out"
  | "given-up";

/** Everything that the shop ever did in two documents: `orders` and `carts`. */
export interface TotalsDocument {
  readonly _id: "orders" | "carts";
  readonly counts: Partial<Readonly<Record<Happening, number>>>;
  /** What confirmed and imported orders come to, less those cancelled afterwards: exact, by currency. */
  readonly revenue: Readonly<Record<string, string>>;
}

interface Step {
  readonly happening: Happening;
  readonly currency?: string;
  readonly amount?: string;
}

/** The shop's figures for monitoring: each event counts once, whoever counts, and again when all is counted anew. */
export const totals: Projection<TotalsDocument, TotalsEvent> = {
  name: "totals",
  context: "analytics",
  version: 1,
  independent: true,
  events: [
    "OrderPlaced",
    "OrderConfirmed",
    "OrderCancelled",
    "OrderCompleted",
    "OrderImported",
    "CreditNoteImported",
    "AccountingAdjustmentImported",
    "CartOpened",
    "CartCheckedOut",
    "CartAbandoned",
  ],
  ids: (event) => [documentOf(event)],
  apply(document, event) {
    const { happening, currency, amount } = step(event);
    const { counts, revenue }: Pick<TotalsDocument, "counts" | "revenue"> = document ?? { counts: {}, revenue: {} };
    return {
      _id: documentOf(event),
      counts: { ...counts, [happening]: (counts[happening] ?? 0) + 1 },
      revenue:
        currency === undefined || amount === undefined
          ? revenue
          : { ...revenue, [currency]: plus(revenue[currency] ?? "0", amount) },
    };
  },
};

const documentOf = ({ type }: Recorded<TotalsEvent>): TotalsDocument["_id"] =>
  type.startsWith("Cart") ? "carts" : "orders";

function step({ type, data }: Recorded<TotalsEvent>): Step {
  switch (type) {
    case "OrderPlaced":
      return { happening: "placed" };
    case "OrderConfirmed":
      return { happening: "confirmed", currency: data.currency, amount: data.totals.grand };
    case "OrderCancelled": {
      const { wasConfirmed, sale } = data;
      if (!wasConfirmed) return { happening: "cancelled-before-confirmation" };
      const taken = sale && { currency: sale.currency, amount: timesWhole(sale.totals.grand, -1) };
      return { happening: "cancelled-after-confirmation", ...taken };
    }
    case "OrderCompleted":
      return { happening: "completed" };
    case "OrderImported":
    case "CreditNoteImported":
    case "AccountingAdjustmentImported":
      return { happening: "imported", currency: data.currency, amount: documentTotal(data.lines) };
    case "CartOpened":
      return { happening: "opened" };
    case "CartCheckedOut":
      return { happening: "checked-out" };
    case "CartAbandoned":
      return { happening: "given-up" };
  }
}

/** Orders by the state that they are in now. */
export function ordersByState({ counts }: Pick<TotalsDocument, "counts">): Readonly<Record<string, number>> {
  const of = (happening: Happening) => counts[happening] ?? 0;
  const early = of("cancelled-before-confirmation");
  const late = of("cancelled-after-confirmation");
  return {
    placed: of("placed") - of("confirmed") - early,
    confirmed: of("confirmed") - of("completed") - late,
    completed: of("completed"),
    cancelled: early + late,
    imported: of("imported"),
  };
}
