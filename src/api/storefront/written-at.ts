import { type EventLog } from "../../infra/eventstore";

/** When an event was written; `undefined` when there is none at that revision. */
export async function writtenAt(log: EventLog, stream: string, revision: number): Promise<string | undefined> {
  let at: string | undefined;
  for await (const { metadata } of log.readStream(stream, revision, 1)) at = metadata.occurredAt;
  return at;
}
