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

/** A client that does not give up: asks again, under the same key, until the shop answers. */
export class Client {
  answers = 0;
  retries = 0;
  /** Errors that no caller should see, with how often they were seen; asked again as well. */
  readonly surprises = new Map<string, number>();
  /** The longest that anybody had to wait for an answer, in ms. */
  slowest = 0;
  private readonly pool: Pool;

  constructor(readonly url: string) {
    this.pool = new Pool(url, { connections: 64, headersTimeout: PATIENCE, bodyTimeout: PATIENCE });
  }

  /** @throws when there is no answer at all within two minutes */
  async ask(method: Method, path: string, { body, key, headers }: Ask = {}): Promise<Answer> {
    const begun = Date.now();
    for (let attempt = 0; ; attempt++) {
      const answer = await this.once(method, path, body, {
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(key !== undefined && { "Idempotency-Key": key }),
        ...headers,
      }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
      if (!(answer instanceof Error)) {
        if (answer.status < 500 && answer.body?.code !== "contention") {
          this.answers++;
          this.slowest = Math.max(this.slowest, Date.now() - begun);
          return answer;
        }
        if (answer.status >= 500 && answer.status !== 503) {
          this.surprised(`${method} ${pattern(path)} → ${answer.status} ${answer.body?.code ?? ""}`);
        }
      } else if (answer.name !== "SocketError" && !isConnectionError(answer)) {
        this.surprised(`${method} ${pattern(path)} → ${answer.name}: ${answer.message}`);
      }
      if (Date.now() - begun > GIVES_UP_AFTER)
        throw new Error(`${method} ${path} has no answer after ${GIVES_UP_AFTER} ms: ${said(answer)}`);
      this.retries++;
      await pause(Math.random() * Math.min(400, 20 * 2 ** attempt));
    }
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }

  private surprised(by: string): void {
    this.surprises.set(by, (this.surprises.get(by) ?? 0) + 1);
  }

  private async once(
    method: Method,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const response = await this.pool.request({
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

const said = (answer: Answer | Error): string =>
  answer instanceof Error ? answer.message : `${answer.status} ${JSON.stringify(answer.body).slice(0, 500)}`;

const CONNECTION = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

const isConnectionError = (error: Error): boolean =>
  CONNECTION.has((error as NodeJS.ErrnoException).code ?? "") ||
  (error.cause instanceof Error && isConnectionError(error.cause));
