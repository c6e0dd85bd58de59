import { type Sale } from "../cart/events";
import { type CartId, type OrderId } from "../kernel";
import { type OrderEvent } from "./events";

/**
 * An order's life: `placed` → `confirmed` → `completed`, or `cancelled` before it is completed. An imported document
 * (an order, credit note or adjustment made elsewhere) never changes, so nothing of it is kept.
 */
export type OrderState = { readonly status: "absent" } | { readonly status: "imported" } | Order;

export interface Order {
  readonly status: "placed" | "confirmed" | "cancelled" | "completed";
  readonly orderId: OrderId;
  readonly cartId: CartId;
  readonly number: string;
  readonly sale: Sale;
}

export function evolveOrder(state: OrderState, event: OrderEvent): OrderState {
  switch (event.type) {
    case "OrderPlaced": {
      const { orderId, cartId, number, paymentId: _, payment: __, ...sale } = event.data;
      return { status: "placed", orderId, cartId, number, sale };
    }
    case "OrderConfirmed":
      return moved(state, "confirmed");
    case "OrderCancelled":
      return moved(state, "cancelled");
    case "OrderCompleted":
      return moved(state, "completed");
    case "OrderImported":
    case "CreditNoteImported":
    case "AccountingAdjustmentImported":
      return { status: "imported" };
  }
}

const moved = (state: OrderState, status: Order["status"]): OrderState =>
  state.status === "absent" || state.status === "imported" ? state : { ...state, status };
