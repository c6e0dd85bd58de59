import { type Aggregate, type CountryCode, type Decision, notFound, type Timestamp } from "../kernel";
import { type ReferenceEvent, type TaxRegime } from "./events";

/** A country that the shop sells to. Withdrawn, it takes no new orders. */
export type CountryState =
  | { readonly status: "unknown" }
  | {
      readonly status: "defined" | "withdrawn";
      readonly code: CountryCode;
      readonly name: string;
      readonly taxRegime: TaxRegime;
    };

export type CountryCommand =
  | {
      readonly type: "DefineCountry";
      readonly at: Timestamp;
      readonly code: CountryCode;
      readonly name: string;
      readonly taxRegime: TaxRegime;
    }
  | { readonly type: "WithdrawCountry"; readonly at: Timestamp; readonly code: CountryCode };

type CountryEvent = Extract<ReferenceEvent, { type: `Country${string}` }>;
type Command<T extends CountryCommand["type"]> = Extract<CountryCommand, { type: T }>;

export const country: Aggregate<CountryCommand, CountryEvent, CountryState> = {
  category: "country",
  initialState: { status: "unknown" },
  decide(command, state) {
    switch (command.type) {
      case "DefineCountry":
        return define(command, state);
      case "WithdrawCountry":
        return withdraw(command, state);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case "CountryDefined":
        return { status: "defined", ...event.data };
      case "CountryWithdrawn":
        return state.status === "unknown" ? state : { ...state, status: "withdrawn" };
    }
  },
};

/** Also corrects a defined country and brings a withdrawn one back. */
function define({ code, name, taxRegime }: Command<"DefineCountry">, state: CountryState): Decision<CountryEvent> {
  if (state.status === "defined" && state.name === name && state.taxRegime === taxRegime) return [];
  return [{ type: "CountryDefined", data: { code, name, taxRegime } }];
}

function withdraw({ code }: Command<"WithdrawCountry">, state: CountryState): Decision<CountryEvent> {
  switch (state.status) {
    case "unknown":
      return notFound("country-not-found", `There is no country ${code}.`, { code });
    case "withdrawn":
      return [];
    case "defined":
      return [{ type: "CountryWithdrawn", data: { code } }];
  }
}
