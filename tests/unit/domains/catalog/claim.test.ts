import fc from "fast-check";
import { claim, type ClaimCommand, type ClaimEvent, claimKey } from "../../../../src/domains/catalog";
import { DomainError, type Timestamp } from "../../../../src/domains/kernel";
import { spec } from "../../../support/spec";

const at = "2026-01-01T00:00:00.000Z" as Timestamp;
const key = claimKey.sku("85123A");
const take = (owner: string): ClaimCommand => ({ type: "Claim", at, key, owner });
const release = (owner: string): ClaimCommand => ({ type: "Release", at, key, owner });
const takeOver = (owner: string, from = "a"): ClaimCommand => ({ type: "TakeOver", at, key, owner, from });
const claimed = (owner: string): ClaimEvent => ({ type: "Claimed", data: { key, owner } });
const released = (owner: string): ClaimEvent => ({ type: "ClaimReleased", data: { key, owner } });

describe("claim", () => {
  it("goes to the first who asks, who may ask again", () => {
    spec(claim).when(take("a")).then(claimed("a"));
    spec(claim).given(claimed("a")).when(take("a")).then();
    spec(claim).given(claimed("a")).when(take("b")).thenRefused("already-claimed", { owner: "a" });
  });

  it("is released by its owner only", () => {
    spec(claim).given(claimed("a")).when(release("b")).then();
    spec(claim).given(claimed("a")).when(release("a")).then(released("a"));
    spec(claim).given(claimed("a"), released("a")).when(take("b")).then(claimed("b"));
    spec(claim).when(release("a")).then();
  });

  it("is taken over from the owner that is named, and from no other", () => {
    spec(claim).given(claimed("a")).when(takeOver("b")).then(released("a"), claimed("b"));
    spec(claim).given(claimed("a"), released("a")).when(takeOver("b")).then(claimed("b"));
    spec(claim).given(claimed("c")).when(takeOver("b")).thenRefused("already-claimed", { owner: "c" });
    spec(claim).given(claimed("b")).when(takeOver("b")).then();
    spec(claim).given(claimed("a")).when(takeOver("a")).then();
  });

  it("has one owner at any time, whoever asks for what", () => {
    const command = fc.tuple(fc.constantFrom(take, release, takeOver), fc.constantFrom("a", "b", "c"));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const holders = new Set<string>();
        let state = claim.initialState;
        for (const [make, owner] of commands) {
          const decision = claim.decide(make(owner), state);
          if (decision instanceof DomainError) continue;
          for (const event of decision) {
            if (event.type === "Claimed") holders.add(event.data.owner);
            else holders.delete(event.data.owner);
            state = claim.evolve(state, event);
          }
          expect(holders.size).toBeLessThanOrEqual(1);
          expect(state).toEqual(
            holders.size === 0 ? { status: "free" } : { status: "claimed", owner: [...holders][0] },
          );
        }
      }),
    );
  });
});
