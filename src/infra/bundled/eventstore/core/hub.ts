import { type StreamState } from "./streams";

/** Someone who wants to know that there may be something new. Must not throw, and must not do long work at once. */
export type Listener = () => void;

/**
 * Tells subscribers that the log has grown. It carries no events: a subscriber reads them from the log at its own pace
 * (from memory as long as it keeps up), so a slow one holds no memory and slows nobody.
 */
export class Hub {
  private readonly all = new Set<Listener>();
  private readonly streams = new Map<string, Set<Listener>>();

  onAll(listener: Listener): () => void {
    this.all.add(listener);
    return () => this.all.delete(listener);
  }

  onStream(name: string, listener: Listener): () => void {
    let listeners = this.streams.get(name);
    if (!listeners) this.streams.set(name, (listeners = new Set()));
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.streams.get(name) === listeners) this.streams.delete(name);
    };
  }

  publish(touched: Iterable<StreamState>): void {
    for (const listener of this.all) listener();
    if (this.streams.size === 0) return;
    for (const state of touched) {
      const listeners = this.streams.get(state.name);
      if (listeners) for (const listener of listeners) listener();
    }
  }
}
