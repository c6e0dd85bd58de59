import { LRUCache } from "lru-cache";
import { prepare, type Prepared } from "./http";

/** Answers depend on the clock too (prices begin and end), so none is kept for longer than this, in ms. */
const LIFETIME = 2_000;
/** While the read model keeps changing, each answer is made anew at most this often, in ms. */
const BREATH = 200;

interface Kept {
  readonly answer: Prepared;
  readonly generation: number;
  readonly madeAt: number;
}

/**
 * Finished answers over one read model, kept until the read model changes. Many askers of the same answer at once
 * share the making of it.
 */
export class AnswerCache {
  private readonly kept: LRUCache<string, Kept>;
  private readonly making = new Map<string, Promise<Prepared>>();

  constructor(
    private readonly model: { readonly generation: number },
    /** Bytes of content kept at most. */
    maxSize = 32 * 1024 * 1024,
  ) {
    this.kept = new LRUCache({ maxSize, sizeCalculation: ({ answer }) => answer.plain.length + 500 });
  }

  /**
   * The answer under the key; made with `make` when there is none of the read model's present generation. `exact`: the
   * caller must see the latest change, so not even an answer made a moment ago will do.
   */
  async get(key: string, exact: boolean, make: () => Promise<unknown>): Promise<Prepared> {
    const kept = this.kept.get(key);
    const { generation } = this.model;
    if (kept) {
      const age = Date.now() - kept.madeAt;
      if (age < (kept.generation === generation ? LIFETIME : exact ? 0 : BREATH)) return kept.answer;
    }
    const slot = `${generation} ${key}`;
    let making = this.making.get(slot);
    if (!making) {
      making = this.make(key, generation, make).finally(() => this.making.delete(slot));
      this.making.set(slot, making);
    }
    return making;
  }

  private async make(key: string, generation: number, make: () => Promise<unknown>): Promise<Prepared> {
    const madeAt = Date.now();
    const answer = prepare(await make());
    // Under the generation it was begun in: what changed while it was made may be missing in it.
    this.kept.set(key, { answer, generation, madeAt });
    return answer;
  }
}
