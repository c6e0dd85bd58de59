import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { type Call, Refused, ShopClient, ShopUnreachable } from "../../../../src/tools/http";

const servers: Server[] = [];
const clients: ShopClient[] = [];

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(url: string | (() => string | undefined), patience = 5_000): ShopClient {
  const client = new ShopClient({ url, connections: 4, patience });
  clients.push(client);
  return client;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(servers.splice(0).map(close));
});

const command = (key?: string): Call => ({
  method: "POST",
  path: "/things",
  kind: "thing",
  headers: ["Content-Type", "application/json", ...(key === undefined ? [] : ["Idempotency-Key", key])],
  body: '{"a":1}',
});
const keyOf = ({ headers }: IncomingMessage) => headers["idempotency-key"];
const problem = (code: string) => JSON.stringify({ status: 409, code, detail: "It cannot be." });

describe("client of a shop", () => {
  it("gives the content of a success, and takes its time", async () => {
    const url = await serve((_, response) => response.setHeader("Consistency-Token", "42").end('{"id":"x"}'));
    const client = clientOf(url);
    expect(await client.json({ method: "GET", path: "/", kind: "look" })).toEqual({ id: "x" });
    expect((await client.send({ method: "GET", path: "/", kind: "look" })).token).toBe("42");
    expect(client.figures.latency("look").count).toBe(2);
    expect(client.figures.requests).toBe(2);
  });

  it("sends a command with a key again, under the same key, while the shop cannot answer", async () => {
    const keys: unknown[] = [];
    const url = await serve((request, response) => {
      keys.push(keyOf(request));
      if (keys.length === 1) response.writeHead(503, { "Retry-After": "0" }).end();
      else if (keys.length === 2) response.writeHead(409).end(problem("contention"));
      else if (keys.length === 3) request.socket.destroy();
      else response.end("{}");
    });
    const client = clientOf(url);
    expect(await client.json(command("k"))).toEqual({});
    expect(keys).toEqual(["k", "k", "k", "k"]);
    expect(client.figures.retries()).toMatchObject({ "503": 1, "409": 1 });
  });

  it("sends a command without a key once", async () => {
    let count = 0;
    const url = await serve((_, response) => {
      count++;
      response.writeHead(503).end();
    });
    expect((await clientOf(url).send(command())).status).toBe(503);
    expect(count).toBe(1);
  });

  it("waits for a shop that is away, and finds it at its new address", async () => {
    let url = await serve((_, response) => response.end('"old"'));
    const client = clientOf(() => url);
    expect(await client.json(command("1"))).toBe("old");
    await close(servers.pop() as Server);
    const answer = client.json(command("2"));
    url = await serve((_, response) => response.end('"new"'));
    expect(await answer).toBe("new");
  });

  it("loses patience", async () => {
    const url = await serve((_, response) => response.writeHead(503).end(problem("starting")));
    const answer = clientOf(url, 100).send(command("k"));
    await expect(answer).rejects.toThrow(ShopUnreachable);
    await expect(answer).rejects.toThrow("could not answer POST /things for 0 s: 503 starting It cannot be.");
  });

  it("tells what was refused, and why", async () => {
    const url = await serve((_, response) => response.writeHead(409).end(problem("cart-closed")));
    const answer = clientOf(url).json(command("k"));
    await expect(answer).rejects.toThrow(Refused);
    await expect(answer).rejects.toThrow("POST /things was answered 409 cart-closed It cannot be.");
  });
});
