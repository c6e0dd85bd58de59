import { type ContextName, CONTEXTS } from "../../../src/engine/contexts";
import { newId } from "../../../src/infra/runtime";
import { eventually } from "../../support/eventually";
import { type Fleet } from "../../support/fleet";
import { type Answer } from "../../support/http";
import { run } from "../../support/program";
import { ADMIN_KEY } from "../../support/shop";
import { ADDRESS } from "../../support/shopper";
import { ACTIVITIES, expectedOf, type Observed, withoutEach, World } from "./activities";

/** Those that are killed: a sample, all of them (`MILLRACE_TEST_FLEET=all`), or those that it names. */
const asked = process.env["MILLRACE_TEST_FLEET"] || "payment,storefront";
const killed: readonly ContextName[] = asked === "all" ? CONTEXTS : CONTEXTS.filter((context) => asked.split(",").includes(context)); // prettier-ignore

const table = withoutEach();
const rowOf = (context: string) => {
  const row = table.find((each) => each.context === context);
  if (!row) throw new Error(`ARCHITECTURE.md does not say what works without ${context}`);
  return row;
};

/** Shoppers who go on whatever happens; what they were refused must be what the table says. */
class Shoppers {
  readonly wrong: string[] = [];
  done = 0;
  /** Contexts that are away now, or were since the moment that is looked back to. */
  private away: readonly { readonly context: string; from: number; to: number }[] = [];
  private stopped = false;
  private readonly running: readonly Promise<void>[];

  constructor(
    private readonly world: World,
    count: number,
  ) {
    this.running = Array.from({ length: count }, () => this.shop());
  }

  without(context: string): () => void {
    const gap = { context, from: Date.now(), to: Infinity };
    this.away = [...this.away, gap];
    return () => (gap.to = Date.now());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
  }

  private async shop(): Promise<void> {
    const { anyone } = this.world.fleet;
    const { sku } = this.world;
    while (!this.stopped) {
      await this.does("look around", () => anyone.get("/store/v1/products?limit=2"));
      const opened = await this.does("fill a cart", () => anyone.post("/store/v1/carts", { currency: "GBP", country: "GB" })); // prettier-ignore
      if (!opened) continue;
      const { id, shopperToken } = opened.body as { id: string; shopperToken: string };
      const caller = anyone.as(shopperToken);
      const cart = `/store/v1/carts/${id}`;
      const filled =
        (await this.does("fill a cart", () => caller.post(`${cart}/items`, { sku, quantity: 2 }))) &&
        (await this.does("fill a cart", () => caller.put(`${cart}/email`, { email: "ada@example.org" }))) &&
        (await this.does("fill a cart", () => caller.put(`${cart}/shipping-address`, ADDRESS))) &&
        (await this.does("fill a cart", () => caller.put(`${cart}/shipping-method`, { id: "standard" })));
      if (!filled) continue;
      const key = { "Idempotency-Key": newId() };
      const body = { payment: { method: "test", token: "tok_approve" } };
      // Who was refused asks again, until there is an order: nobody is left with half of one.
      for (let answer: Answer | undefined; !answer && this.wrong.length === 0;) {
        answer = await this.does("check out", () => caller.post(`${cart}/checkout`, body, key));
        if (answer) this.world.placed(answer, 2);
      }
    }
  }

  /** @returns `undefined` when it was refused, as may be while what it needs is away */
  private async does(activity: string, act: () => Promise<Answer>): Promise<Answer | undefined> {
    const from = Date.now();
    const answer = await act();
    this.done++;
    if (answer.status < 300) return answer;
    const excused = this.away.some((gap) => gap.to >= from && expectedOf(rowOf(gap.context), activity) !== "works");
    if (!excused || answer.status < 500)
      this.wrong.push(`${activity}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return undefined;
  }
}

/** Kills each context under shoppers' load, and holds what works against the table of ARCHITECTURE.md. */
export function testWithoutEach(fleetOf: () => Fleet): void {
  describe("without one context", () => {
    let world: World;
    let shoppers: Shoppers;
    beforeAll(async () => {
      world = await World.make(fleetOf(), killed.length + 4);
      shoppers = new Shoppers(world, 2);
    }, 60_000);

    test("the table names every context, and each activity of one that is refused or works in part without it", () => {
      expect(table.map(({ context }) => context).toSorted()).toEqual(CONTEXTS.toSorted());
      const spoken = new Set(table.flatMap(({ refused, inPart }) => [...refused, ...inPart]));
      expect([...spoken].toSorted()).toEqual(Object.keys(ACTIVITIES).toSorted());
    });

    test.each(killed)(
      "%s: what the table says works, and no more is refused",
      async (context) => {
        const row = rowOf(context);
        const isBack = shoppers.without(context);
        await fleetOf().kill(context);
        const seen: Record<string, Observed> = {};
        const wanted: Record<string, Observed> = {};
        for (const [activity, act] of Object.entries(ACTIVITIES)) {
          wanted[activity] = expectedOf(row, activity);
          seen[activity] = await act(world, wanted[activity]);
        }
        await fleetOf().join(context);
        isBack();
        expect(seen).toEqual(wanted);
        // Once it is back all of it works, at once.
        for (const activity of [...row.refused, ...row.inPart])
          expect([activity, await ACTIVITIES[activity]?.(world, "works")]).toEqual([activity, "works"]);
      },
      120_000,
    );

    test("the shoppers were refused nothing else, and everything agrees again", async () => {
      const before = shoppers.done;
      await eventually(() => shoppers.done > before + 10);
      await shoppers.stop();
      expect(shoppers.wrong).toEqual([]);
      const { fleet, orders, sku, stock } = world;
      expect(orders.length).toBeGreaterThan(killed.length);

      // Every order that was taken is confirmed, those too that had to wait; money and stock are what they say.
      for (const { id } of orders) {
        await eventually(async () => (await fleet.admin.get(`/admin/v1/orders/${id}`)).body.status === "confirmed", 60_000); // prettier-ignore
        const [order, payment] = [await fleet.admin.get(`/admin/v1/orders/${id}`), await fleet.admin.get(`/admin/v1/orders/${id}/payment`)]; // prettier-ignore
        expect({ id, authorised: payment.body.authorised }).toEqual({ id, authorised: order.body.totals.grand });
      }
      const sold = orders.reduce((sum, { quantity }) => sum + quantity, 0);
      await eventually(async () => (await fleet.admin.get(`/admin/v1/stock/main/${sku}`)).body.reserved === sold);
      expect((await fleet.admin.get(`/admin/v1/stock/main/${sku}`)).body).toMatchObject({ onHand: stock, reserved: sold }); // prettier-ignore
      await eventually(async () => (await behind(fleet)).length === 0, 30_000);

      const env = { EVENTSTORE_URL: fleet.eventstoreUrl, MONGODB_URL: fleet.mongod.login("admin"), MONGODB_PREFIX: fleet.prefix }; // prettier-ignore
      const verified = run(["verify"], env);
      expect([await verified.ended, verified.out()]).toEqual([0, expect.any(String)]);
    }, 180_000);
  });
}

/** What each process says that it has still to do, where it has anything. */
async function behind(fleet: Fleet): Promise<readonly string[]> {
  const lags = await Promise.all(
    CONTEXTS.flatMap((context) =>
      fleet.instances(context).map(async ({ url }) => {
        const answer = await fetch(`${url}/metrics`, { headers: { "X-API-Key": ADMIN_KEY } });
        return [...(await answer.text()).matchAll(/^millrace_projection_lag_events\{.*\} (\S+)$/gm)].map(([line]) => line); // prettier-ignore
      }),
    ),
  );
  const lines = lags.flat();
  if (lines.length === 0) throw new Error("nobody tells how far behind it is");
  return lines.filter((line) => !line.endsWith(" 0"));
}
