import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, type Socket } from "node:net";

/** A request as an instance got it. */
export interface Got {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export type Behaviour = (got: Got, response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

/** A small instance of a service: does as it is told, and remembers what it got. */
export class Upstream {
  readonly got: Got[] = [];
  ready = true;
  /** It takes the question after its health, and does not answer. */
  slowToSay = false;
  /** Whether it tells of changes. */
  tells = true;
  /** Lines are sent to all that follow its changes. */
  readonly followers = new Set<ServerResponse>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly name: string,
    private readonly server: Server,
    readonly port: number,
    public behave: Behaviour,
  ) {}

  static async start(name = "a", behave: Behaviour = answerJson({ from: name }), port = 0): Promise<Upstream> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const upstream = new Upstream(name, server, (server.address() as AddressInfo).port, behave);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => void upstream.take(request, response));
    server.on("connection", (socket: Socket) => {
      upstream.sockets.add(socket);
      socket.on("close", () => upstream.sockets.delete(socket));
    });
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Requests that were no question after its health. */
  get count(): number {
    return this.got.length;
  }

  changed(context: string): void {
    for (const response of this.followers) response.write(`${JSON.stringify({ context })}\n`);
  }

  /** At once, as when the process is killed. */
  async kill(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers, rawHeaders } = request;
    if (url === "/health/ready" && this.slowToSay) return;
    if (url === "/health/ready") return void response.writeHead(this.ready ? 200 : 503).end();
    if (url === "/internal/v1/changes") {
      if (!this.tells) return void response.writeHead(404).end();
      response.writeHead(200, { "Content-Type": "application/x-ndjson" }).write('{"watching":[]}\n');
      this.followers.add(response);
      response.on("close", () => this.followers.delete(response));
      return;
    }
    let body = "";
    const got = (): Got => ({ method, url, headers, rawHeaders, body });
    try {
      for await (const piece of request.setEncoding("utf8")) body += String(piece);
    } catch {
      return; // the caller went away
    }
    this.got.push(got());
    await this.behave(got(), response, request);
  }
}

/** Answers JSON with some headers. */
export function answerJson(content: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): Behaviour {
  return (_got, response) => {
    const text = JSON.stringify(content);
    response.writeHead(status, {
      "Content-Type": "application/json; charset=utf-8",
      "Cache-Control": "no-store",
      "Content-Length": Buffer.byteLength(text),
      ...headers,
    });
    response.end(text);
  };
}
