import { type Aggregate, conflict, type Decision, type Timestamp } from "../kernel";
import { type ClaimEvent } from "./events";

/**
 * What makes a name unique in the whole shop: one stream per name (`claim-sku:<SKU>`), whose first event says whose it
 * is. When two requests race, the log takes one append and the other is decided again, against an owner. The name is
 * claimed before it is used and released after it is given up, so that a crash between can leave a claim too many (the
 * repeated request takes it up again) but never two owners.
 */
export type ClaimState = { readonly status: "free" } | { readonly status: "claimed"; readonly owner: string };

export type ClaimCommand =
  | { readonly type: "Claim"; readonly at: Timestamp; readonly key: string; readonly owner: string }
  | { readonly type: "Release"; readonly at: Timestamp; readonly key: string; readonly owner: string }
  /** From an owner that does not use the name: it is free at no moment in between. */
  | {
      readonly type: "TakeOver";
      readonly at: Timestamp;
      readonly key: string;
      readonly owner: string;
      readonly from: string;
    };

type Command<T extends ClaimCommand["type"]> = Extract<ClaimCommand, { type: T }>;

/** Keys of claims; the id of the claim's stream. */
export const claimKey = {
  sku: (sku: string) => `sku:${sku}`,
  slug: (slug: string) => `slug:${slug}`,
  categorySlug: (slug: string) => `categoryslug:${slug}`,
};

export const claim: Aggregate<ClaimCommand, ClaimEvent, ClaimState> = {
  category: "claim",
  initialState: { status: "free" },
  decide(command, state) {
    switch (command.type) {
      case "Claim":
        return take(command, state);
      case "Release":
        return release(command, state);
      case "TakeOver":
        return takeOver(command, state);
    }
  },
  evolve(_state, event) {
    switch (event.type) {
      case "Claimed":
        return { status: "claimed", owner: event.data.owner };
      case "ClaimReleased":
        return { status: "free" };
    }
  },
};

function take({ key, owner }: Command<"Claim">, state: ClaimState): Decision<ClaimEvent> {
  if (state.status === "free") return [{ type: "Claimed", data: { key, owner } }];
  if (state.owner === owner) return [];
  return conflict("already-claimed", `${key} belongs to another owner.`, { key, owner: state.owner });
}

/** Only the owner can give a name up; for anybody else there is nothing to release. */
function release({ key, owner }: Command<"Release">, state: ClaimState): Decision<ClaimEvent> {
  if (state.status === "free" || state.owner !== owner) return [];
  return [{ type: "ClaimReleased", data: { key, owner } }];
}

function takeOver({ key, owner, from, at }: Command<"TakeOver">, state: ClaimState): Decision<ClaimEvent> {
  if (state.status === "free" || state.owner !== from) return take({ type: "Claim", key, owner, at }, state);
  if (from === owner) return [];
  return [
    { type: "ClaimReleased", data: { key, owner: from } },
    { type: "Claimed", data: { key, owner } },
  ];
}
