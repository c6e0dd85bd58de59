import { randomUUID } from "node:crypto";
import { type InternalEvent, jsonEvent, linkEvent } from "./own-events";
import { scavenge } from "./scavenge";
import { type Store } from "./store";

const LOG_STREAM = "$scavenges";

/** How a scavenge ended, in the words of the real node. */
type Outcome = "Success" | "Stopped" | "Failed";

/** Runs one scavenge at a time and writes down, in the streams where the real node does, how it went. */
export class Scavenger {
  private current: { readonly id: string; stopped: boolean } | undefined;

  constructor(
    private readonly store: Store,
    private readonly report: (line: string) => void,
  ) {}

  /** Id of the scavenge under way. */
  get running(): string | undefined {
    return this.current?.id;
  }

  /** Answers the id of the scavenge that this begins. */
  start(): string {
    const current = (this.current = { id: randomUUID(), stopped: false });
    void this.run(current);
    return current.id;
  }

  /** False where no scavenge of this id runs. */
  stop(id: string): boolean {
    if (this.current?.id !== id) return false;
    this.current.stopped = true;
    return true;
  }

  private async run(current: { readonly id: string; stopped: boolean }): Promise<void> {
    const { id } = current;
    const began = Date.now();
    let result: Outcome = "Success";
    let error = "";
    let spaceSaved = 0;
    try {
      // With this note a new file begins, so that everything before it can be looked through.
      this.store.log.roll();
      await this.note(id, "$scavengeStarted", { scavengeId: id });
      spaceSaved = await scavenge(this.store, () => current.stopped);
      if (current.stopped) result = "Stopped";
    } catch (reason) {
      result = "Failed";
      error = (reason as Error).message;
      this.report(`The scavenge failed: ${error}`);
    }
    this.current = undefined;
    const timeTaken = (Date.now() - began) / 1000;
    await this.note(id, "$scavengeCompleted", { scavengeId: id, result, error, timeTaken, spaceSaved });
  }

  private note(id: string, type: string, value: unknown): Promise<void> {
    const stream = `${LOG_STREAM}-${id}`;
    const revision = this.store.streams.get(stream).last + 1;
    const events: InternalEvent[] = [
      { stream, event: jsonEvent(type, value) },
      { stream: LOG_STREAM, event: linkEvent(`${revision}@${stream}`) },
    ];
    return new Promise((resolve) => {
      this.store.writer.write({ action: "internal", events, done: () => resolve() });
    });
  }
}
