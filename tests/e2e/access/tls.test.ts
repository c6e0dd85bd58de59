import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "undici";
import { startEventStore } from "../../../src/infra/bundled/eventstore";
import { startShop } from "../../../src/engine/shop";
import { startTestShop, type TestShop } from "../../support/shop";
import { selfSigned } from "../../support/certificate";
import { uniquePrefix } from "../../support/stores";

/* A shop that speaks TLS on both sides: to its callers, and to an event store that asks for name and password. */

const folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
const tls = { cert: join(folder, "tls.crt"), key: join(folder, "tls.key") };
let beside: TestShop;
beforeAll(async () => {
  const { cert, key } = selfSigned();
  writeFileSync(tls.cert, cert);
  writeFileSync(tls.key, key);
  beside = await startTestShop({ serve: [], work: [] });
});
afterAll(async () => {
  await beside.stop();
  rmSync(folder, { recursive: true });
});

test("a cart is opened over HTTPS and appended over TLS", async () => {
  const store = await startEventStore({ port: 0, memory: true, tls });
  const eventstoreUrl = `esdb://admin:changeit@localhost:${store.port}?tlsCAFile=${tls.cert}`;
  const shop = await startShop({
    ...beside.options,
    eventstoreUrl,
    mongoPrefix: uniquePrefix(),
    port: 0,
    tls,
    work: "all",
    serve: ["cart", "ordering"],
  });
  const client = new Client(shop.url, { connect: { ca: selfSignedCa() } });
  try {
    const { statusCode, body } = await client.request({
      method: "GET",
      path: "/admin/v1/orders",
      headers: { "X-API-Key": "mk_test-admin-key-0123456789" },
    });
    expect([shop.url.startsWith("https:"), statusCode, await body.json()]).toMatchObject([true, 200, { total: 0 }]);
    const opened = await client.request({
      method: "POST",
      path: "/store/v1/carts",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ currency: "GBP" }),
    });
    expect([opened.statusCode, await opened.body.json()]).toMatchObject([201, { status: "open" }]);
  } finally {
    await client.close();
    await shop.stop();
    await store.stop();
  }
});

const selfSignedCa = (): Buffer => readFileSync(tls.cert);
