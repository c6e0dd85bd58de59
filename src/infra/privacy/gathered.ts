/** Answers for one, asked for many: what is asked for within one turn of the event loop goes into one question. */
export class Gathered<K, V> {
  private wanted = new Set<K>();
  private asking: Promise<ReadonlyMap<K, V>> | undefined;

  constructor(private readonly ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>) {}

  async get(key: K): Promise<V | undefined> {
    this.wanted.add(key);
    this.asking ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        const keys = [...this.wanted];
        this.wanted = new Set();
        this.asking = undefined;
        this.ask(keys).then(resolve, reject);
      });
    });
    return (await this.asking).get(key);
  }
}
