import { type Aggregate, type Timestamp } from "../kernel";
import { type PrivacyEvent } from "./events";

export interface ForgettingState {
  readonly status: "absent" | "forgotten";
}

export interface ForgetPerson {
  readonly type: "ForgetPerson";
  readonly at: Timestamp;
  /** What stands for the person in the log. */
  readonly person: string;
}

/** The forgetting of one person: it happens once, and is never taken back. */
export const forgetting: Aggregate<ForgetPerson, PrivacyEvent, ForgettingState> = {
  category: "forgetting",
  initialState: { status: "absent" },
  decide({ person }, { status }) {
    return status === "forgotten" ? [] : [{ type: "PersonForgotten", data: { person } }];
  },
  evolve: () => ({ status: "forgotten" }),
};
