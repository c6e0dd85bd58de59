import { FORWARDS, START } from "@eventstore/db-client";
import { streamCategory } from "../../../src/domains/kernel";
import { catalogueOf } from "../../../src/engine/context";
import { contextsOf } from "../../../src/engine/contexts";
import { forgotten } from "../../../src/infra/privacy";
import { atRest } from "../../support/log";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy, expectStatus } from "../../support/shopper";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop({ seed: true, paymentTimeout: 1 });
});
afterAll(() => shop.stop());

test("what the shop writes is what the catalogue of events says", async () => {
  const { body } = await shop.anyone.get("/store/v1/products?inStock=true&limit=1");
  const { sku } = body.items[0] as { sku: string };
  const bought = await buy(shop.anyone, [{ sku, quantity: 1 }]);
  expectStatus(200, await shop.admin.post(`/admin/v1/orders/${bought.answer.body.id}/complete`));
  for (const token of ["tok_decline_lost_card", "tok_hang"]) await buy(shop.anyone, [{ sku, quantity: 1 }], { token });
  await buy(shop.anyone, [{ sku, quantity: 999_999 }]);
  await atRest(shop);

  const catalogue = catalogueOf(contextsOf({ paymentTimeout: 1 }));
  const complaints: string[] = [];
  const seen = new Set<string>();
  const { client } = shop.engine.log.connect();
  try {
    for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START })) {
      if (!event || event.streamId.startsWith("$")) continue;
      const { type, streamId, data } = event;
      const definition = catalogue[type];
      const { schemaVersion } = event.metadata as { schemaVersion?: number };
      // As it is stored it reads as forgotten, and opened as it was written: the schema takes both.
      const opened = await shop.services.opened(data);
      const issues = [forgotten(data), opened].flatMap(
        (each) => definition?.schema.safeParse(each).error?.issues ?? [],
      );
      if (definition?.category !== streamCategory(streamId)) complaints.push(`${type} is in ${streamId}`);
      if (definition?.version !== schemaVersion) complaints.push(`${type} says version ${String(schemaVersion)}`);
      for (const { path, message } of issues) complaints.push(`${type} ${path.join(".")}: ${message}`);
      seen.add(type);
    }
  } finally {
    await client.dispose();
  }
  expect(complaints).toEqual([]);
  expect(seen.size).toBeGreaterThan(35);
});

test("the documents that describe the shop name every route and every event", async () => {
  const [{ body: api }, { body: events }] = await Promise.all([
    shop.anyone.get("/openapi.json"),
    shop.anyone.get("/asyncapi.json"),
  ]);
  expect(Object.keys(api.paths)).toContain("/asyncapi.json");
  const live = api.paths["/store/v1/orders/{orderId}/live"].get;
  expect(live.responses[200].content).toEqual({
    "text/event-stream": { schema: { $ref: "#/components/schemas/Order" } },
  });
  expect(live.parameters.map(({ name }: { name: string }) => name)).toContain("Last-Event-ID");
  expect(Object.keys(events.components.messages)).toEqual(Object.keys(catalogueOf(contextsOf({ paymentTimeout: 1 }))));
});
