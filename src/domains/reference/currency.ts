import { type Aggregate, type CurrencyCode, type Decision, notFound, type Timestamp } from "../kernel";
import { type ReferenceEvent } from "./events";

/** A currency that the shop knows. Withdrawn, it takes no new prices; what was sold in it stays. */
export type CurrencyState =
  | { readonly status: "unknown" }
  | {
      readonly status: "defined" | "withdrawn";
      readonly code: CurrencyCode;
      readonly name: string;
      readonly fractionDigits: number;
      readonly numeric?: string | undefined;
    };

export type CurrencyCommand =
  | {
      readonly type: "DefineCurrency";
      readonly at: Timestamp;
      readonly code: CurrencyCode;
      readonly name: string;
      readonly fractionDigits: number;
      readonly numeric?: string | undefined;
    }
  | { readonly type: "WithdrawCurrency"; readonly at: Timestamp; readonly code: CurrencyCode };

type CurrencyEvent = Extract<ReferenceEvent, { type: `Currency${string}` }>;
type Command<T extends CurrencyCommand["type"]> = Extract<CurrencyCommand, { type: T }>;

export const currency: Aggregate<CurrencyCommand, CurrencyEvent, CurrencyState> = {
  category: "currency",
  initialState: { status: "unknown" },
  decide(command, state) {
    switch (command.type) {
      case "DefineCurrency":
        return define(command, state);
      case "WithdrawCurrency":
        return withdraw(command, state);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case "CurrencyDefined":
        return { status: "defined", ...event.data };
      case "CurrencyWithdrawn":
        return state.status === "unknown" ? state : { ...state, status: "withdrawn" };
    }
  },
};

/** Also corrects a defined currency and brings a withdrawn one back. */
function define(
  { code, name, fractionDigits, numeric }: Command<"DefineCurrency">,
  state: CurrencyState,
): Decision<CurrencyEvent> {
  const same =
    state.status === "defined" &&
    state.name === name &&
    state.fractionDigits === fractionDigits &&
    state.numeric === numeric;
  if (same) return [];
  const data = { code, name, fractionDigits, ...(numeric === undefined ? {} : { numeric }) };
  return [{ type: "CurrencyDefined", data }];
}

function withdraw({ code }: Command<"WithdrawCurrency">, state: CurrencyState): Decision<CurrencyEvent> {
  switch (state.status) {
    case "unknown":
      return notFound("currency-not-found", `There is no currency ${code}.`, { code });
    case "withdrawn":
      return [];
    case "defined":
      return [{ type: "CurrencyWithdrawn", data: { code } }];
  }
}
