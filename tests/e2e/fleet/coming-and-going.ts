import { type ContextName } from "../../../src/engine/contexts";
import { makeArticle } from "../../support/articles";
import { seen } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { type Fleet, type Instance } from "../../support/fleet";
import { type Answer } from "../../support/http";
import { ADMIN_KEY } from "../../support/shop";

/** The hot one: instances of it come and go while shoppers shop. */
const HOT: ContextName = "cart";

/** So many join, and leave, at once: one by default, two with `MILLRACE_TEST_FLEET`. */
const COMING = process.env["MILLRACE_TEST_FLEET"] ? 2 : 1;

/** Its parts that an instance works on now, as it says itself. */
async function worksOn({ url }: Instance): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { "X-API-Key": ADMIN_KEY } });
  const live = /^millrace_projection_state\{[^}]*context="cart"[^}]*state="live"[^}]*\} 1$/gm;
  return [...(await answer.text()).matchAll(live)].length;
}

/** Instances of a hot context join and leave under load: they share requests and work, and no request fails. */
export function testComingAndGoing(fleetOf: () => Fleet): void {
  test("instances of a context join, share its requests and its work, and leave: no request fails", async () => {
    const fleet = fleetOf();
    const { anyone, admin } = fleet;
    const { sku, token } = await makeArticle(admin, { sku: "BUSY", stock: 1 });
    const failed: string[] = [];
    let served = 0;
    let stopped = false;

    const note = (answer: Answer, wanted: number): boolean => {
      served++;
      if (answer.status !== wanted) failed.push(`${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
      return answer.status === wanted;
    };
    // Nobody asks twice, and nobody sends a key by which somebody else could.
    const shopping = Array.from({ length: 3 }, async () => {
      while (!stopped) {
        const opened = await anyone.post("/store/v1/carts", { currency: "GBP", country: "GB" });
        if (!note(opened, 201)) continue;
        const caller = anyone.as(opened.body.shopperToken);
        const cart = `/store/v1/carts/${opened.body.id}`;
        for (let pieces = 1; pieces <= 3 && !stopped; pieces++) {
          const added = await caller.post(`${cart}/items`, { sku, quantity: 1 }, seen(token));
          if (!note(added, 200)) break;
          const read = await caller.get(cart);
          // Whichever instance answers shows what was just written.
          if (note(read, 200) && read.body.lines?.[0]?.quantity !== pieces)
            failed.push(`${read.body.lines?.[0]?.quantity} pieces are shown of ${pieces}`);
        }
      }
    });
    const more = async (count: number) => {
      const until = served + count;
      await eventually(() => served >= until, 60_000);
    };
    const instances = () => fleet.instances(HOT);
    const requests = (url: string) =>
      fleet.gateway.gateway.fleet.all.flatMap(({ all }) => all).find((each) => each.url === url)?.requests ?? 0;
    /** Each has a part of the work, and is sent requests. */
    const shared = async () => {
      await eventually(async () => {
        const works = await Promise.all(instances().map(worksOn));
        return works.every((parts) => parts > 0);
      }, 60_000);
      const before = new Map(instances().map(({ url }) => [url, requests(url)]));
      await eventually(() => [...before].every(([url, count]) => requests(url) > count + 3), 60_000);
    };

    await more(10);
    for (let i = 0; i < COMING; i++) await fleet.join(HOT);
    await shared();
    // As an orchestrator does it, the second while the first has only just gone.
    for (const leaving of instances().slice(0, COMING)) {
      leaving.program.child.kill("SIGTERM");
      expect(await leaving.program.ended).toBe(0);
    }
    await more(20);
    await fleet.join(HOT);
    await shared();
    stopped = true;
    await Promise.all(shopping);
    expect(failed).toEqual([]);
    const [one] = instances();
    if (one) await fleet.leave(one);
    expect(instances()).toHaveLength(1);
  }, 180_000);
}
