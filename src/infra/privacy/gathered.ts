/**
 * Answers for one, asked for many: one question is under way at a time, and what is asked for meanwhile goes into the
 * next. So one who asks alone waits for nobody, and many cost little more than one.
 */
export class Gathered<K, V> {
  private wanted = new Set<K>();
  private next: Promise<ReadonlyMap<K, V>> | undefined;
  private asking: Promise<unknown> = Promise.resolve();

  constructor(private readonly ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>) {}

  async get(key: K): Promise<V | undefined> {
    this.wanted.add(key);
    if (!this.next) {
      this.next = this.asking.then(() => this.put());
      this.asking = this.next.catch(() => undefined);
    }
    return (await this.next).get(key);
  }

  private async put(): Promise<ReadonlyMap<K, V>> {
    // Whoever asks within the same turn of the event loop is in it too.
    await new Promise((resolve) => setImmediate(resolve));
    const keys = [...this.wanted];
    this.wanted = new Set();
    this.next = undefined;
    return this.ask(keys);
  }
}
