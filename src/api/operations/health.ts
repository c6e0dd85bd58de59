import { type OperatedEngine } from "./operated-engine";
import { fullName, ownReadModels, type Work } from "./work";

/** A store that has not answered after this time, in ms, counts as not there. */
const PATIENCE = 2_000;

/** Something without which the shop is not ready. */
export interface Missing {
  readonly what: "event-store" | "document-store" | "read-model";
  /** Of the read model. */
  readonly name?: string;
  readonly reason: string;
}

type Probed = Pick<OperatedEngine, "readModelStates" | "models" | "tail" | "log" | "stores">;

/** Whether the process can do its part: both stores answer, and every read model kept here has caught up once. */
export class Health {
  /** Names of read models that have been level with the log. They may fall behind again without closing the shop. */
  private readonly level = new Set<string>();
  private goal: bigint | undefined;
  private readonly eventStore: () => Promise<boolean>;
  private readonly documentStore: () => Promise<boolean>;

  constructor(
    private readonly engine: Probed,
    patience = PATIENCE,
  ) {
    this.eventStore = answers(() => engine.log.endPosition(), patience);
    this.documentStore = answers(() => engine.stores.ping(), patience);
  }

  /** What keeps the process from being ready; nothing: it is. */
  async missing(): Promise<readonly Missing[]> {
    const [eventStore, documentStore] = await Promise.all([this.eventStore(), this.documentStore()]);
    return [
      ...(eventStore ? [] : [{ what: "event-store", reason: "does not answer" } as const]),
      ...(documentStore ? [] : [{ what: "document-store", reason: "does not answer" } as const]),
      ...this.behind(),
    ];
  }

  private behind(): readonly Missing[] {
    return ownReadModels(this.engine).flatMap((work): Missing[] => {
      const name = fullName(work);
      if (this.level.has(name)) return [];
      const { state, error } = work;
      if (!this.isLevel(work))
        return [{ what: "read-model", name, reason: error ? `${state}: ${error.message}` : state }];
      this.level.add(name);
      return [];
    });
  }

  /** What another process works on has caught up once it can be read up to where the log was when we first asked. */
  private isLevel({ state, checkpoint }: Work): boolean {
    const { head } = this.engine.tail;
    if (state === "waiting" || state === "outdated") return BigInt(checkpoint) >= (this.goal ??= head);
    return state === "live";
  }
}

/** Asks a store, one question at a time: a store that hangs is not asked again before it has answered. */
function answers(ask: () => Promise<unknown>, patience: number): () => Promise<boolean> {
  let asked: Promise<boolean> | undefined;
  return () => {
    asked ??= ask()
      .then(
        () => true,
        () => false,
      )
      .finally(() => (asked = undefined));
    return Promise.race([asked, after(patience)]);
  };
}

const after = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(() => resolve(false), ms).unref());

/** One sentence over all that is missing. */
export function describe(missing: readonly Missing[]): string {
  const stores = missing.flatMap(({ what }) =>
    what === "read-model" ? [] : [`the ${what.replace("-", " ")} does not answer`],
  );
  const models = missing.filter(({ what }) => what === "read-model").length;
  const behind =
    models === 0 ? [] : [models === 1 ? "a read model has not caught up" : `${models} read models have not caught up`];
  return `Not ready: ${[...stores, ...behind].join("; ")}.`;
}
