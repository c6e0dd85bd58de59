import { FORWARDS, START } from "@eventstore/db-client";
import { eventually } from "./eventually";
import { type TestShop } from "./shop";

/** An event as the log has it, as far as tests of promises care. */
export interface Written {
  readonly stream: string;
  readonly type: string;
}

/** Waits until all that follows the log has caught up and writes nothing more; answers the log's end. */
export async function atRest({ engine }: TestShop, timeout = 30_000): Promise<bigint> {
  return eventually(async () => {
    const head = await engine.log.endPosition();
    const level = await engine.level(timeout);
    const handled = engine.workerStates.every(({ state }) => state.position >= head);
    return level && handled && (await engine.log.endPosition()) === head ? head + 1n : undefined;
  }, timeout).then((next) => next - 1n);
}

/** The shop's events after a position, in the order of the log; but the audit trail, which is written beside them. */
export async function eventsAfter({ engine }: TestShop, position: bigint): Promise<readonly Written[]> {
  const { client } = engine.log.connect();
  try {
    const fromPosition = position < 0n ? START : { commit: position, prepare: position };
    const found: Written[] = [];
    for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition })) {
      if (!event || /^(?:\$|audit-)/.test(event.streamId) || event.position.commit <= position) continue;
      found.push({ stream: event.streamId, type: event.type });
    }
    return found;
  } finally {
    await client.dispose();
  }
}
