import { Pool } from "undici";

/** An answer, its body parsed where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // What an answer holds is what a test is about to find out.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls a shop over HTTP with some headers on every call. */
export class Caller {
  private readonly pool: Pool;

  constructor(
    readonly url: string,
    private readonly headers: Readonly<Record<string, string>> = {},
    pool?: Pool,
  ) {
    this.pool = pool ?? connect(url, 64);
  }

  /** As many requests at once as this, on connections of its own: close it. */
  atOnce(connections: number): Caller {
    return new Caller(this.url, this.headers, connect(this.url, connections));
  }

  /** The same connections with more headers. */
  with(headers: Readonly<Record<string, string>>): Caller {
    return new Caller(this.url, { ...this.headers, ...headers }, this.pool);
  }

  /** As the shopper with the token. */
  as(shopperToken: string): Caller {
    return this.with({ Authorization: `Bearer ${shopperToken}` });
  }

  get = (path: string, options?: CallOptions): Promise<Answer> => this.call("GET", path, options);
  delete = (path: string, options?: CallOptions): Promise<Answer> => this.call("DELETE", path, options);
  post = (path: string, body?: unknown, headers?: CallOptions["headers"]): Promise<Answer> =>
    this.call("POST", path, { body, ...(headers && { headers }) });
  put = (path: string, body?: unknown, headers?: CallOptions["headers"]): Promise<Answer> =>
    this.call("PUT", path, { body, ...(headers && { headers }) });
  patch = (path: string, body?: unknown, headers?: CallOptions["headers"]): Promise<Answer> =>
    this.call("PATCH", path, { body, ...(headers && { headers }) });

  async call(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    options: CallOptions = {},
  ): Promise<Answer> {
    const { body } = options;
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const response = await this.pool.request({
      method,
      path,
      headers: {
        ...(text !== undefined && { "Content-Type": "application/json" }),
        ...this.headers,
        ...options.headers,
      },
      ...(text !== undefined && { body: text }),
    });
    const content = await response.body.text();
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(", ") : (value ?? ""),
      ]),
    );
    const json = headers["content-type"]?.includes("json") && !headers["content-type"].includes("ndjson");
    return { status: response.statusCode, headers, body: json && content !== "" ? JSON.parse(content) : content };
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}

const connect = (url: string, connections: number): Pool =>
  new Pool(url, { connections, pipelining: 1, headersTimeout: 120_000, bodyTimeout: 120_000 });
