import { type Instance } from "../fleet/instance";

/** Where an instance tells of changes to its data, one JSON object a line. */
export const CHANGES_PATH = "/internal/v1/changes";

/** An instance says something at least every five seconds; after this time in silence, in ms, it counts as lost. */
const SILENCE = 15_000;
const RECONNECT = 1_000;
/** An instance that does not tell of changes is asked again after this time, in ms. */
const NOT_TOLD = 30_000;

interface Watch {
  readonly instance: Instance;
  readonly stopping: AbortController;
  /** Rises with each change, and with each time that one may have been missed. */
  generation: number;
  connected: boolean;
}

/** Keeps generations apart that different watches of one instance count. */
let begun = 0;

/** Learns from the instances themselves when data behind public reads has changed. */
export class ChangeWatch {
  private readonly watches = new Map<string, Watch>();

  /** How often the data of an instance has changed; `undefined` while nobody would tell. */
  readonly generation = (instance: string): number | undefined => {
    const watch = this.watches.get(instance);
    return watch?.connected ? watch.generation : undefined;
  };

  /** Which instances there are of a service whose public reads are kept. */
  watch(service: string, instances: readonly Instance[]): void {
    const wanted = new Map(instances.filter(({ draining }) => !draining).map((each) => [each.key, each]));
    for (const [key, { stopping, instance }] of this.watches) {
      if (instance.service !== service || wanted.get(key) === instance) continue;
      stopping.abort();
      this.watches.delete(key);
    }
    for (const [key, instance] of wanted) {
      if (this.watches.has(key)) continue;
      const watch: Watch = {
        instance,
        stopping: new AbortController(),
        generation: ++begun * 1_000_000,
        connected: false,
      };
      this.watches.set(key, watch);
      void this.follow(watch);
    }
  }

  stop(): void {
    for (const { stopping } of this.watches.values()) stopping.abort();
    this.watches.clear();
  }

  private async follow(watch: Watch): Promise<void> {
    const { signal } = watch.stopping;
    while (!signal.aborted) {
      const told = await this.listen(watch).catch(() => true);
      watch.connected = false;
      watch.generation++;
      await pause(told ? RECONNECT : NOT_TOLD, signal);
    }
  }

  /** Resolves when there is nothing more to hear; `false` when the instance does not tell at all. */
  private async listen(watch: Watch): Promise<boolean> {
    const { signal } = watch.stopping;
    const headers = ["Accept", "application/x-ndjson", ...watch.instance.signature];
    const silent = new AbortController();
    const timer = setTimeout(() => silent.abort(), SILENCE);
    try {
      const answer = await watch.instance.endless.request({
        method: "GET",
        path: CHANGES_PATH,
        headers,
        signal: AbortSignal.any([signal, silent.signal]),
      });
      if (answer.statusCode !== 200) {
        await answer.body.dump();
        return false;
      }
      let rest = "";
      for await (const chunk of answer.body) {
        timer.refresh();
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        watch.connected = true;
        if (lines.some((line) => contextOf(line) === watch.instance.service)) watch.generation++;
      }
      return true;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The context whose data changed. A service keeps what its public reads show in the context of its own name. */
function contextOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { readonly context?: unknown }).context;
  } catch {
    return undefined;
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
