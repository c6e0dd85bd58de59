import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { type Answer, type Call, exchange } from "./exchange";
import { Figures } from "./figures";

/** The shop could not be reached, or could not answer, for as long as the caller was ready to wait. */
export class ShopUnreachable extends Error {
  override readonly name = "ShopUnreachable";
}

/** An answer that the caller cannot go on with; the message says the request, the status and the shop's reason. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(
    readonly status: number,
    /** The problem's `code`; empty when the answer is none. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface ClientOptions {
  /** Where the shop is, e.g. `http://127.0.0.1:8080`; a function is asked again whenever the shop cannot be reached. */
  readonly url: string | (() => string | undefined);
  /** Connections at most; one request at a time on each. */
  readonly connections: number;
  /** How long a request is sent again while the shop cannot be reached or cannot answer, in ms; 30 s when absent. */
  readonly patience?: number;
  readonly figures?: Figures;
  readonly signal?: AbortSignal | undefined;
}

/** An answer may be waited for this long, in ms: longer than any `Prefer: wait`. */
const ANSWER_TIMEOUT = 75_000;
const FIRST_PAUSE = 25;
const LONGEST_PAUSE = 1_000;

/** Speaks to a shop over connections that stay open. */
export class ShopClient {
  readonly figures: Figures;
  private pool: Pool | undefined;
  private origin = "";
  private readonly patience: number;

  constructor(private readonly options: ClientOptions) {
    this.figures = options.figures ?? new Figures();
    this.patience = options.patience ?? 30_000;
  }

  /** One try: whatever the shop answers. @throws the error of the connection */
  async once(call: Call): Promise<Answer> {
    const pool = this.connect();
    const begun = performance.now();
    const answer = await exchange(pool, call);
    this.figures.answer(call.kind, performance.now() - begun);
    return answer;
  }

  /**
   * Sends until there is an answer about the request itself: a lost connection, a shop that is starting, overloaded or
   * without its stores (5xx, 429) or a race lost too often (`contention`) are tried again. That goes for requests that
   * may arrive twice, reads and commands with an `Idempotency-Key`; all others are sent once.
   * @throws ShopUnreachable when patience is over
   */
  async send(call: Call): Promise<Answer> {
    if (!mayRepeat(call)) return this.once(call);
    const begun = performance.now();
    for (let tries = 0; ; tries++) {
      this.options.signal?.throwIfAborted();
      const outcome = await this.attempt(call);
      if ("status" in outcome && !isPassing(outcome)) return outcome;
      const reason = "status" in outcome ? String(outcome.status) : outcome.code;
      if (performance.now() - begun > this.patience) throw unreachable(call, outcome, this.patience);
      this.figures.repeat(reason);
      // Not told of the signal: a hundred requests that wait would be a hundred listeners. The wait is short.
      await sleep(pauseOf(tries, outcome));
    }
  }

  /** As `send`, for the content of a success. @throws Refused for any other answer */
  async json<T>(call: Call): Promise<T> {
    return contentOf<T>(await this.done(call));
  }

  /** As `send`, for a success. @throws Refused for any other answer */
  async done(call: Call): Promise<Answer> {
    const answer = await this.send(call);
    if (answer.status >= 300) throw refusalOf(call, answer);
    return answer;
  }

  async close(): Promise<void> {
    await this.pool?.destroy();
    this.pool = undefined;
  }

  private async attempt(call: Call): Promise<Answer | Failure> {
    try {
      return await this.once(call);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (typeof this.options.url === "function") this.move();
      return { code: code ?? message, message };
    }
  }

  private connect(): Pool {
    if (this.pool) return this.pool;
    const { url, connections } = this.options;
    const origin = typeof url === "string" ? url : url();
    if (origin === undefined) throw new Error("no shop is running");
    this.origin = origin;
    this.pool = new Pool(origin, {
      connections,
      pipelining: 1,
      headersTimeout: ANSWER_TIMEOUT,
      bodyTimeout: ANSWER_TIMEOUT,
      connect: { timeout: 5_000 },
      keepAliveTimeout: 60_000,
    });
    return this.pool;
  }

  /** The shop may have come back at another address. */
  private move(): void {
    const { url } = this.options;
    const origin = typeof url === "function" ? url() : url;
    if (origin === undefined || origin === this.origin) return;
    void this.pool?.destroy().catch(() => undefined);
    this.pool = undefined;
  }
}

const mayRepeat = ({ method, headers }: Call): boolean =>
  method === "GET" || headers?.includes("Idempotency-Key") === true;

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Whether the answer says nothing about the request itself. */
const isPassing = ({ status, body }: Answer): boolean =>
  status >= 500 || status === 429 || (status === 409 && problemOf(body).code === "contention");

function pauseOf(tries: number, outcome: Answer | Failure): number {
  const growing = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries);
  const asked = "status" in outcome && outcome.retryAfter !== undefined ? outcome.retryAfter * 1000 : 0;
  return Math.min(LONGEST_PAUSE, Math.max(growing, asked)) * (0.5 + Math.random() / 2);
}

function unreachable(call: Call, outcome: Answer | Failure, patience: number): ShopUnreachable {
  const what = "status" in outcome ? said(outcome) : outcome.message || outcome.code;
  return new ShopUnreachable(
    `The shop could not answer ${call.method} ${call.path} for ${Math.round(patience / 1000)} s: ${what}`,
  );
}

export function refusalOf(call: Call, answer: Answer): Refused {
  const { code } = problemOf(answer.body);
  return new Refused(answer.status, code, `${call.method} ${call.path} was answered ${said(answer)}`);
}

function said({ status, body }: Answer): string {
  const { code, detail } = problemOf(body);
  return [String(status), code, detail].filter((part) => part !== "").join(" ");
}

function problemOf(body: Buffer): { code: string; detail: string } {
  try {
    const { code, detail } = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    return { code: typeof code === "string" ? code : "", detail: typeof detail === "string" ? detail : "" };
  } catch {
    return { code: "", detail: body.toString("utf8").slice(0, 200) };
  }
}

/** What an answer says, taken to be of the shape that the shop promises. */
export const contentOf = <T>(answer: Answer): T => JSON.parse(answer.body.toString("utf8")) as T;

/** Headers of a JSON body. */
export const JSON_HEADERS: readonly string[] = ["Content-Type", "application/json"];
