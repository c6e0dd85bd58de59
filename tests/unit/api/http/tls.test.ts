import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "undici";
import { createApp, listen, type Listening, ok, route } from "../../../../src/api/http";
import { closeServer, gatewayServer, listenAt } from "../../../../src/api/gateway/server";
import { silentLogger } from "../../../../src/infra/observability";
import { selfSigned } from "../../../support/certificate";
import { eventually } from "../../../support/eventually";

const folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
const files = { cert: join(folder, "tls.crt"), key: join(folder, "tls.key") };
afterAll(() => rmSync(folder, { recursive: true }));

/** A new certificate in the files, as an orchestrator exchanges it. */
function renew(): string {
  const { cert, key } = selfSigned();
  writeFileSync(files.key, key);
  writeFileSync(files.cert, cert);
  return cert;
}

const hello = route({
  method: "GET",
  path: "/hello",
  operationId: "hello",
  summary: "Says hello",
  tags: ["Test"],
  security: "public",
  responses: { 200: { description: "Hello" } },
  handler: () => ok({ hello: "you" }),
});

/** The status of an answer to one who trusts this certificate alone, on a new connection. */
async function statusFor(url: string, ca: string): Promise<number | string> {
  const client = new Client(url, { connect: { ca } });
  try {
    const { statusCode, body } = await client.request({ method: "GET", path: "/hello" });
    await body.dump();
    return statusCode;
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  } finally {
    await client.close();
  }
}

describe("a server with a certificate", () => {
  let server: Listening;
  const faults: string[] = [];
  let first: string;
  beforeAll(async () => {
    first = renew();
    const tls = { ...files, look: 10, report: ({ message }: Error) => faults.push(message) };
    const app = createApp([hello], { log: silentLogger() });
    server = await listen(app, { host: "127.0.0.1", port: 0, tls });
  });
  afterAll(() => server.close());

  test("speaks HTTPS", async () => {
    expect(server.url).toMatch(/^https:/);
    expect(await statusFor(server.url, first)).toBe(200);
    await expect(fetch(server.url.replace("https", "http"))).rejects.toThrow();
  });

  test("goes on with the old certificate while the files are no pair, and takes the new one as soon as they are", async () => {
    writeFileSync(files.key, "half a key");
    await eventually(() => faults.find((fault) => fault.includes("cannot be used")));
    expect(await statusFor(server.url, first)).toBe(200);
    const second = renew();
    await eventually(async () => (await statusFor(server.url, second)) === 200);
    expect(await statusFor(server.url, first)).not.toBe(200);
  });
});

test("files that are not there are named at once", async () => {
  const tls = { ...files, cert: join(folder, "gone.crt") };
  await expect(listen(createApp([], { log: silentLogger() }), { host: "127.0.0.1", port: 0, tls })).rejects.toThrow(
    /^TLS_CERT: ENOENT.*gone\.crt/,
  );
});

test("a gateway with a certificate speaks HTTPS, by its own strict server", async () => {
  const cert = renew();
  const server = gatewayServer((_request, response) => response.end(), undefined, files);
  const url = await listenAt(server, { host: "127.0.0.1", port: 0 });
  expect([url.startsWith("https:"), await statusFor(url, cert)]).toEqual([true, 200]);
  await closeServer(server, 1_000);
});
