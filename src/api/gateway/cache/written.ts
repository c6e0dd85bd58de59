import { LRUCache } from "lru-cache";
import { decodeToken } from "../../http";

/** Aggregates whose last write is remembered. */
const REMEMBERED = 50_000;

/**
 * The consistency tokens of writes that went by, by aggregate. Behind a gateway the next read may come to another
 * process than the write; given the token it shows that write all the same, as it would in one process, and the caller
 * need not know that there are several.
 */
export class WrittenTokens {
  private readonly tokens = new LRUCache<string, string>({ max: REMEMBERED });

  /**
   * A command was accepted.
   * @param location where a new aggregate is: `/store/v1/carts/8f…`
   */
  remember(aggregate: string | undefined, location: string | undefined, token: string): void {
    if (aggregate !== undefined) this.tokens.set(aggregate, token);
    if (location === undefined) return;
    const [id, collection] = location.split("/").reverse();
    if (id && collection) this.tokens.set(`${collection}/${id}`, token);
  }

  /**
   * The token to send on in place of the caller's: that of the last write, where the caller names none, or reads with that
   * of something earlier; `undefined`: what the caller sent will do.
   */
  beyond(
    aggregate: string | undefined,
    sent: string | string[] | undefined,
    kind: "read" | "command",
  ): string | undefined {
    const last = aggregate === undefined ? undefined : this.tokens.get(aggregate);
    if (last === undefined || sent === undefined) return last;
    return kind === "read" && isEarlier(String(sent), last) ? last : undefined;
  }
}

/** What is no token, the service says. */
function isEarlier(token: string, than: string): boolean {
  try {
    return decodeToken(token) < decodeToken(than);
  } catch {
    return false;
  }
}
