import { MongoClient } from "mongodb";
import { newId } from "../../../src/infra/runtime";
import { makeArticle } from "../../support/articles";
import { seen } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { type Fleet } from "../../support/fleet";
import { type Answer } from "../../support/http";
import { type Changes, nextRelease } from "../../support/next-release";
import { run } from "../../support/program";

/** The release to come: carts say through which channel an article came, in a new version of the event and the read model. */
const CHANGES: Changes = {
  "domains/cart/events.js": `
    const { z } = require("zod");
    const { ItemAdded } = exports.cartEvents;
    const schema = ItemAdded.schema.extend({ channel: z.string() });
    const upcasters = { 1: (old) => ({ ...old, channel: "web" }) };
    exports.cartEvents = { ...exports.cartEvents, ItemAdded: { ...ItemAdded, version: 2, schema, upcasters } };`,
  "domains/cart/cart.js": `
    const before = exports.cart;
    const through = (event) => (event.type === "ItemAdded" ? { ...event, data: { ...event.data, channel: "app" } } : event);
    exports.cart = {
      ...before,
      decide(command, state) {
        const decision = before.decide(command, state);
        return Array.isArray(decision) ? decision.map(through) : decision;
      },
    };`,
  "projections/cart/carts.js": `
    const before = exports.carts;
    const apply = (document, event, ...more) => {
      const after = before.apply(document, event, ...more);
      const channels = document?.channels ?? [];
      return after && { ...after, channels: event.type === "ItemAdded" ? [...channels, event.data.channel] : channels };
    };
    exports.carts = { ...before, version: 2, apply };`,
};

/**
 * A new version of an event in one release, the harder way: readers first (analytics), then the writer (cart), old and
 * new side by side. Shoppers send each command with a key, and again when they are told to come back.
 */
export function testRollingUpgrade(fleetOf: () => Fleet): void {
  test("a release with a new version of an event and of a read model rolls out: no shopper sees it", async () => {
    const fleet = fleetOf();
    const { anyone, admin } = fleet;
    const { sku, token } = await makeArticle(admin, { sku: "ROLLING", stock: 1 });
    const release = nextRelease(CHANGES);
    const wrong: string[] = [];
    const carts = new Map<string, number>();
    let stopped = false;

    /** As any client: with a key, and once more after \`Retry-After\`, five times at most. */
    const insist = async (send: (headers: Record<string, string>) => Promise<Answer>): Promise<Answer> => {
      const headers = { "Idempotency-Key": newId(), ...seen(token) };
      for (let attempt = 1; ; attempt++) {
        const answer = await send(headers);
        if (answer.status !== 503 || attempt === 5) {
          if (answer.status >= 300) wrong.push(`${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
          return answer;
        }
        await new Promise((resolve) => setTimeout(resolve, Number(answer.headers["retry-after"] ?? 1) * 1_000));
      }
    };
    const shopping = Array.from({ length: 3 }, async () => {
      while (!stopped) {
        const opened = await insist((headers) => anyone.post("/store/v1/carts", { currency: "GBP", country: "GB" }, headers)); // prettier-ignore
        const caller = anyone.as(opened.body.shopperToken);
        const cart = `/store/v1/carts/${opened.body.id}`;
        for (let pieces = 1; pieces <= 3; pieces++) {
          await insist((headers) => caller.post(`${cart}/items`, { sku, quantity: 1 }, headers));
          carts.set(opened.body.id, pieces);
          const read = await insist((headers) => caller.get(cart, { headers }));
          if (read.body.lines?.[0]?.quantity !== pieces)
            wrong.push(`${JSON.stringify(read.body.lines)}, not ${pieces}`);
        }
      }
    });
    const more = async (count: number) => {
      const until = carts.size + count;
      await eventually(() => carts.size >= until, 60_000);
    };
    try {
      await more(3);
      for (const context of ["analytics", "cart"] as const) {
        const old = fleet.instances(context);
        await fleet.join(context, release.main);
        await more(5);
        for (const instance of old) {
          instance.program.child.kill("SIGTERM");
          expect(await instance.program.ended).toBe(0);
        }
        await more(5);
      }
      stopped = true;
      await Promise.all(shopping);
      expect(wrong).toEqual([]);

      const client = await new MongoClient(fleet.mongod.login("admin")).connect();
      try {
        const database = client.db(`${fleet.prefix}_cart`);
        type Shown = { _id: string; cart: { lines: { quantity: number }[] }; channels: string[] };
        await eventually(async () => {
          const pointer = await database.collection<{ _id: string; active: string }>("read_models").findOne({ _id: "carts" }); // prettier-ignore
          if (pointer?.active !== "carts_v2") return false;
          const shown = await database.collection<Shown>("carts_v2").find({ _id: { $in: [...carts.keys()] } }).toArray(); // prettier-ignore
          return shown.length === carts.size && shown.every(({ _id, cart }) => cart.lines[0]?.quantity === carts.get(_id)); // prettier-ignore
        }, 60_000);
        const channels = await database.collection<Shown>("carts_v2").distinct("channels");
        expect(channels.toSorted()).toEqual(["app", "web"]);
      } finally {
        await client.close();
      }
      const env = { EVENTSTORE_URL: fleet.eventstoreUrl, MONGODB_URL: fleet.mongod.login("admin"), MONGODB_PREFIX: fleet.prefix }; // prettier-ignore
      const verified = run(["verify"], env, release.main);
      expect([await verified.ended, verified.out()]).toEqual([0, expect.any(String)]);
    } finally {
      stopped = true;
      await Promise.allSettled(shopping);
      release.remove();
    }
  }, 240_000);
}
