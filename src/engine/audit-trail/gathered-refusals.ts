import { createHmac, randomBytes } from "node:crypto";
import { type Refusal } from "../../api/http";
import { RefusalGatherer, type Refusals } from "./refusals";

/** Callers and routes that are told apart within a minute, among strangers, and among those who are known. */
const APART = 100;
const MINUTE = 60_000;
const DAY = 86_400_000;

/** Puts the refused requests of a process together, and tells of them: the first at once, the rest by the minute. */
export class GatheredRefusals {
  /** Strangers, who may be many, and those who are known, whom strangers must not drown. */
  private readonly strangers: RefusalGatherer;
  private readonly known: RefusalGatherer;
  private readonly timer: NodeJS.Timeout;
  /** Makes what stands for addresses; a new one each day, so that they can be told apart that long and no longer. */
  private key = { made: 0, secret: Buffer.alloc(0) };

  /** @param window ms for which refused requests of one caller to one route are put together */
  constructor(
    private readonly tell: (refusals: readonly Refusals[]) => void,
    window = MINUTE,
  ) {
    this.strangers = new RefusalGatherer({ window, apart: APART });
    this.known = new RefusalGatherer({ window, apart: APART });
    this.timer = setInterval(() => this.tellEnded(Date.now()), Math.max(50, window / 6)).unref();
  }

  add(refusal: Refusal): void {
    const isKnown = /^(?:key|user):/.test(refusal.actor);
    const { client } = refusal;
    const refused = (isKnown ? this.known : this.strangers).add(
      { ...refusal, client: this.standsFor(client) },
      Date.now(),
    );
    if (refused) this.tell([refused]);
  }

  /** Tells all that is left. */
  stop(): void {
    clearInterval(this.timer);
    this.tellEnded();
  }

  private tellEnded(now?: number): void {
    for (const gatherer of [this.known, this.strangers]) {
      const ended = gatherer.take(now);
      if (ended.length > 0) this.tell(ended);
    }
  }

  private standsFor(address: string): string {
    const now = Date.now();
    if (now - this.key.made > DAY) this.key = { made: now, secret: randomBytes(32) };
    return createHmac("sha256", this.key.secret).update(address).digest("base64url").slice(0, 11);
  }
}
