import { type Refusal } from "../../api/http";

/** Refused requests of one caller to one route, told together. */
export interface Refusals extends Omit<Refusal, "kind" | "client" | "code"> {
  readonly code: string;
  /** `undefined`: of several who were too many to be told apart. */
  readonly client?: string | undefined;
  readonly count: number;
  /** In ms. */
  readonly from: number;
  readonly to: number;
}

interface Gathering {
  readonly refusal: Refusal;
  readonly client: string | undefined;
  readonly until: number;
  count: number;
  from: number;
  to: number;
}

export interface RefusalOptions {
  /** ms for which the same is put together. */
  readonly window: number;
  /** Callers and routes that are told apart within it. */
  readonly apart: number;
}

/**
 * Puts refused requests together, so that no stranger can fill the log: the first of a caller to a route is told at
 * once, the others when the window ends; of more callers and routes than `apart` only how many
 * there were for each status.
 */
export class RefusalGatherer {
  private readonly gathered = new Map<string, Gathering>();

  constructor(private readonly options: RefusalOptions) {}

  /** @returns what is to be told at once, if anything */
  add(refusal: Refusal, now: number): Refusals | undefined {
    const own = keyOf(refusal);
    const isApart = this.gathered.has(own) || this.gathered.size < this.options.apart;
    const key = isApart ? own : `${refusal.status}`;
    const before = this.gathered.get(key);
    if (before !== undefined && now < before.until) {
      if (before.count === 0) before.from = now;
      before.count += 1;
      before.to = now;
      return undefined;
    }
    const begun: Gathering = {
      refusal: isApart ? refusal : { ...refusal, route: "*", operation: "*", code: "several" },
      client: isApart ? refusal.client : undefined,
      until: now + this.options.window,
      count: 0,
      from: now,
      to: now,
    };
    // Before the new one, what the window that has ended still had to tell.
    this.gathered.delete(key);
    if (before !== undefined && before.count > 0) {
      this.gathered.set(key, { ...begun, count: 1 });
      return told(before);
    }
    this.gathered.set(key, begun);
    return told({ ...begun, count: 1 });
  }

  /** What windows that have ended have to tell; all when `now` is absent. */
  take(now = Infinity): readonly Refusals[] {
    const ended: Refusals[] = [];
    for (const [key, gathering] of this.gathered) {
      if (now < gathering.until) continue;
      this.gathered.delete(key);
      if (gathering.count > 0) ended.push(told(gathering));
    }
    return ended;
  }

  get size(): number {
    return this.gathered.size;
  }
}

const keyOf = ({ actor, client, method, route, status, code }: Refusal): string =>
  [actor, client, method, route, status, code].join("\n");

function told({ refusal, client, count, from, to }: Gathering): Refusals {
  const { kind: _, code = "unknown", ...same } = refusal;
  return { ...same, code, client, count, from, to };
}
