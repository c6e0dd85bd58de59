import { type Decider, DomainError, type DomainEvent, fold } from "../../src/domains/kernel";

/**
 * Given–when–then for a decider, without mocks:
 *
 *     spec(cart).given(opened).when(addItem).then(itemAdded);
 *     spec(cart).given(opened, checkedOut).when(addItem).thenRefused("cart-closed");
 */
export function spec<C, E extends DomainEvent, S>(decider: Decider<C, E, S>) {
  return {
    given: (...history: E[]) => ({
      when: (command: C) => {
        const state = fold(decider, history);
        return outcome(decider.decide(command, state), state, decider);
      },
    }),
    when: (command: C) => outcome(decider.decide(command, decider.initialState), decider.initialState, decider),
  };
}

function outcome<C, E extends DomainEvent, S>(
  decision: ReturnType<Decider<C, E, S>["decide"]>,
  state: S,
  decider: Decider<C, E, S>,
) {
  const events = (): readonly E[] => {
    if (decision instanceof DomainError) throw new Error(`refused: ${decision.code}: ${decision.message}`);
    return decision;
  };
  return {
    /** Exactly these events, in this order; none: nothing to change. */
    then: (...expected: E[]) => expect(events()).toEqual(expected),
    /** Exactly these types of events, in this order. */
    thenTypes: (...expected: E["type"][]) => expect(events().map((event) => event.type)).toEqual(expected),
    /** Refused with this code and at least these details. */
    thenRefused: (code: string, details: Record<string, unknown> = {}) => {
      expect(decision).toBeInstanceOf(DomainError);
      expect(decision).toMatchObject({ code, details });
    },
    /** The state after the events. */
    thenState: () => fold(decider, events(), state),
    decision,
  };
}
