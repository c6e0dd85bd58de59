import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "undici";
import { type Answer } from "../../support/http";

export interface Ask {
  readonly body?: unknown;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** An answer that takes longer counts as none, in ms. */
const PATIENCE = 20_000;
/** How long a request is tried again at most before that itself is a fault, in ms. */
const GIVES_UP_AFTER = 120_000;

/**
 * A client that does not give up: asks again, under the same key, until the shop answers. Where the shop is in several
 * places it asks at any of them, and again at another.
 */
export class Client {
  answers = 0;
  retries = 0;
  /** Errors that no caller should see, with how often they were seen; asked again as well. */
  readonly surprises = new Map<string, number>();
  /** The longest that anybody had to wait for an answer, in ms. */
  slowest: { readonly ms: number; readonly what: string } = { ms: 0, what: "" };
  private readonly pools: readonly Pool[];

  constructor(...urls: readonly string[]) {
    const options = { connections: 64, headersTimeout: PATIENCE, bodyTimeout: PATIENCE };
    this.pools = urls.map((url) => new Pool(url, options));
  }

  /** @throws when there is no answer at all within two minutes */
  async ask(method: Method, path: string, { body, key, headers }: Ask = {}): Promise<Answer> {
    const begun = Date.now();
    const first = Math.floor(Math.random() * this.pools.length);
    for (let attempt = 0; ; attempt++) {
      const answer = await this.once(first + attempt, method, path, body, {
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(key !== undefined && { "Idempotency-Key": key }),
        ...headers,
      }).catch(unanswered);
      const took = Date.now() - begun;
      const what = `${method} ${pattern(path)}`;
      if (!("unanswered" in answer)) {
        const { status, body: answered } = answer;
        if (status < 500 && answered?.code !== "contention") {
          this.answers++;
          if (took > this.slowest.ms) this.slowest = { ms: took, what: `${what}, asked ${attempt + 1} times` };
          return answer;
        }
        if (status >= 500 && status !== 503) this.surprised(`${what} → ${status} ${answered?.code ?? ""}`);
      } else if (!CONNECTION.has(answer.code)) this.surprised(`${what} → ${answer.unanswered}`);
      if (took > GIVES_UP_AFTER)
        throw new Error(`${what} has no answer after ${took} ms: ${JSON.stringify(answer).slice(0, 500)}`);
      this.retries++;
      await pause(Math.random() * Math.min(400, 20 * 2 ** attempt));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.destroy()));
  }

  private surprised(by: string): void {
    this.surprises.set(by, (this.surprises.get(by) ?? 0) + 1);
  }

  private async once(
    place: number,
    method: Method,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const pool = this.pools[place % this.pools.length];
    if (!pool) throw new Error("the client knows no place to ask at");
    const response = await pool.request({
      method,
      path,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    const answered = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
    const json = String(response.headers["content-type"]).includes("json") && text !== "";
    return { status: response.statusCode, headers: Object.fromEntries(answered), body: json ? JSON.parse(text) : text };
  }
}

/** The paths of one route look alike. */
const pattern = (path: string): string => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ":id").replace(/\?.*/, "");

/** What a lost connection is called; no more is to be expected of a server that was killed. */
const CONNECTION = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

interface Unanswered {
  readonly unanswered: string;
  readonly code: string;
}

function unanswered(error: unknown): Unanswered {
  const { code = "", message = String(error) } = error as { readonly code?: string; readonly message?: string };
  return { unanswered: `${code} ${message}`, code };
}
