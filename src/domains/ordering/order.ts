import { type PaymentMeans, type Sale } from "../cart/events";
import {
  type Aggregate,
  type CartId,
  conflict,
  type Decision,
  NOBODY,
  notFound,
  type OrderId,
  type PaymentId,
  type Timestamp,
} from "../kernel";
import { type ImportedDocument, type OrderEvent } from "./events";
import { evolveOrder, type Order, type OrderState } from "./order-state";
import { orderNumber } from "./order-number";

interface To<Type extends string> {
  readonly type: Type;
  readonly at: Timestamp;
  readonly orderId: OrderId;
}

export interface PlaceOrder extends To<"PlaceOrder">, Sale {
  readonly cartId: CartId;
  readonly paymentId: PaymentId;
  readonly payment: PaymentMeans;
}
/** Stock is reserved and payment authorised. */
export type ConfirmOrder = To<"ConfirmOrder">;
export interface CancelOrder extends To<"CancelOrder"> {
  /** A stable code where the shop does it (`out-of-stock`, `payment-declined`, `payment-timeout`), else words. */
  readonly reason: string;
  readonly note?: string | undefined;
}
/** The goods have left the house. */
export type CompleteOrder = To<"CompleteOrder">;
/** `at` is the document's own time. */
export interface ImportDocument<Type extends string> extends To<Type>, ImportedDocument {
  readonly orderId: OrderId;
}

export type OrderCommand =
  | PlaceOrder
  | ConfirmOrder
  | CancelOrder
  | CompleteOrder
  | ImportDocument<"ImportOrder">
  | ImportDocument<"ImportCreditNote">
  | ImportDocument<"ImportAccountingAdjustment">;

export const order: Aggregate<OrderCommand, OrderEvent, OrderState> = {
  category: "order",
  initialState: { status: "absent" },
  decide(command, state) {
    switch (command.type) {
      case "PlaceOrder":
        return place(command, state);
      case "ImportOrder":
        return takeIn("OrderImported", command, state);
      case "ImportCreditNote":
        return takeIn("CreditNoteImported", command, state);
      case "ImportAccountingAdjustment":
        return takeIn("AccountingAdjustmentImported", command, state);
      case "ConfirmOrder":
      case "CancelOrder":
      case "CompleteOrder":
        return moveOn(command, state);
    }
  },
  evolve: evolveOrder,
};

/** An order comes from one cart; the same cart's order placed again is the same order. */
function place({ type: _, at: __, ...data }: PlaceOrder, state: OrderState): Decision<OrderEvent> {
  if (state.status === "absent" && data.owner === NOBODY)
    return conflict("person-forgotten", "Whoever checked out is forgotten: there is nobody to deliver to.");
  if (state.status === "absent") return [{ type: "OrderPlaced", data: { ...data, number: orderNumber(data.orderId) } }];
  return state.status !== "imported" && state.cartId === data.cartId ? [] : orderExists(data.orderId);
}

/** A document is taken in once; what it says is not judged, since it happened elsewhere. */
function takeIn(
  type: Extract<OrderEvent, { data: ImportedDocument }>["type"],
  { type: _, at: __, ...data }: ImportDocument<string>,
  state: OrderState,
): Decision<OrderEvent> {
  if (state.status === "absent") return [{ type, data }];
  return state.status === "imported" ? [] : orderExists(data.orderId);
}

const orderExists = (orderId: OrderId) => conflict("order-exists", `Order ${orderId} exists already.`);

function moveOn(command: ConfirmOrder | CancelOrder | CompleteOrder, state: OrderState): Decision<OrderEvent> {
  const { orderId } = command;
  if (state.status === "absent") return notFound("order-not-found", `There is no order ${orderId}.`);
  if (state.status === "imported") {
    return conflict("order-imported", "The order was made elsewhere and is history here.", { orderId });
  }
  switch (command.type) {
    case "ConfirmOrder":
      return confirm(state);
    case "CancelOrder":
      return cancel(command, state);
    case "CompleteOrder":
      return complete(state);
  }
}

function confirm({ status, orderId, number, sale }: Order): Decision<OrderEvent> {
  switch (status) {
    case "placed":
      return [{ type: "OrderConfirmed", data: { orderId, number, ...sale } }];
    case "confirmed":
    case "completed":
      return [];
    case "cancelled":
      return conflict("order-cancelled", "The order has been cancelled.", { orderId });
  }
}

/** Until the goods leave the house; after that they can only come back as a return. */
function cancel({ reason, note }: CancelOrder, { status, orderId, number, sale }: Order): Decision<OrderEvent> {
  const why = { orderId, number, reason, ...(note === undefined ? {} : { note }) };
  switch (status) {
    case "placed":
      return [{ type: "OrderCancelled", data: { ...why, wasConfirmed: false } }];
    case "confirmed":
      return [{ type: "OrderCancelled", data: { ...why, wasConfirmed: true, sale } }];
    case "cancelled":
      return [];
    case "completed":
      return conflict("order-completed", "The order is completed and cannot be cancelled.", { orderId });
  }
}

function complete({ status, orderId, number }: Order): Decision<OrderEvent> {
  switch (status) {
    case "confirmed":
      return [{ type: "OrderCompleted", data: { orderId, number } }];
    case "completed":
      return [];
    case "placed":
      return conflict("order-not-confirmed", "Stock and payment of the order are not certain yet.", { orderId });
    case "cancelled":
      return conflict("order-cancelled", "The order has been cancelled.", { orderId });
  }
}
