import { type Dispatcher, type Pool } from "undici";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A request, ready to be sent. */
export interface Call {
  readonly method: Method;
  /** With its query. */
  readonly path: string;
  /** What the figures count it as. */
  readonly kind: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  readonly body?: Buffer | string;
  /** The content of the answer does not matter: it is thrown away unread. */
  readonly statusOnly?: boolean;
}

export interface Answer {
  readonly status: number;
  /** Empty for a call that wants the status only, unless it is an error. */
  readonly body: Buffer;
  /** Seconds that the server asks to wait. */
  readonly retryAfter: number | undefined;
  /** The `Consistency-Token`: a read that carries it sees what this answer told. */
  readonly token: string | undefined;
}

const EMPTY = Buffer.alloc(0);

/** Sends one request and takes its answer, without anything between it and the connection. */
export function exchange(pool: Pool, call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    pool.dispatch(
      { method: call.method, path: call.path, headers: (call.headers ?? []) as string[], body: call.body ?? null },
      new Receiver(call.statusOnly === true, resolve, reject),
    );
  });
}

class Receiver implements Dispatcher.DispatchHandler {
  private status = 0;
  private retryAfter: number | undefined;
  private token: string | undefined;
  private chunks: Buffer[] = [];
  private keep = true;

  constructor(
    private readonly statusOnly: boolean,
    private readonly resolve: (answer: Answer) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  /** Its presence tells undici which kind of handler this is. */
  onRequestStart(): void {
    this.chunks = [];
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.status = status;
    this.keep = !this.statusOnly || status >= 400;
    const token = headers["consistency-token"];
    if (typeof token === "string") this.token = token;
    const wait = headers["retry-after"];
    if (typeof wait === "string" && /^\d+$/.test(wait)) this.retryAfter = Number(wait);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.keep) this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const { chunks } = this;
    const body = chunks.length === 0 ? EMPTY : chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    this.resolve({ status: this.status, body, retryAfter: this.retryAfter, token: this.token });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.reject(error);
  }
}
