import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeArticles } from "../../support/articles";
import { after, seen } from "../../support/consistency";
import { type Fleet } from "../../support/fleet";
import { type Answer } from "../../support/http";
import { newId } from "../../../src/infra/runtime";
import { checkOut, expectStatus, fillIn, openCart, type Shopper } from "../../support/shopper";

/*
 * What people do with the shop, and what of it works while a context is away. The table of that is in ARCHITECTURE.md,
 * between two marks, and nowhere else: the tests read it there.
 */

export type Observed = "works" | "works in part" | "refused";

/** What of it works without a context; what is not named works. */
export interface Without {
  readonly context: string;
  readonly refused: readonly string[];
  readonly inPart: readonly string[];
}

const TABLE = /<!-- without each: begin -->([\s\S]*)<!-- without each: end -->/;
const named = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

/** The table as the document has it. */
export function withoutEach(): readonly Without[] {
  const text = readFileSync(join(__dirname, "../../../ARCHITECTURE.md"), "utf8");
  const rows = TABLE.exec(text)?.[1]?.trim().split("\n").slice(2) ?? [];
  return rows.map((row) => {
    const [context = "", refused = "", inPart = ""] = row
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    return { context, refused: named(refused), inPart: named(inPart) };
  });
}

export const expectedOf = ({ refused, inPart }: Without, activity: string): Observed =>
  refused.includes(activity) ? "refused" : inPart.includes(activity) ? "works in part" : "works";

/** An order that was placed, and what it was for. */
export interface Placed {
  readonly id: string;
  readonly quantity: number;
}

/** A shop with an article that sells, and what was done with it. */
export class World {
  readonly orders: Placed[] = [];
  /** Carts ready to be checked out. */
  private readonly ready: Shopper[] = [];
  /** Confirmed orders whose money was not taken. */
  private readonly untaken: string[] = [];
  private made = 0;

  private constructor(
    readonly fleet: Fleet,
    readonly sku: string,
    readonly product: string,
    readonly stock: number,
  ) {}

  static async make(fleet: Fleet, carts: number): Promise<World> {
    const stock = 100_000;
    const [article] = await makeArticles(fleet.admin, [{ sku: "KNOWN", stock }, { sku: "ASIDE", stock: 1 }]); // prettier-ignore
    if (!article) throw new Error("no article was made");
    const world = new World(fleet, article.sku, article.id, stock);
    for (let i = 0; i < carts; i++) {
      const shopper = await openCart(fleet.anyone);
      expectStatus(
        200,
        await shopper.caller.post(`${shopper.cart}/items`, { sku: article.sku, quantity: 1 }, seen(article)),
      );
      await fillIn(shopper);
      world.ready.push(shopper);
    }
    const first = expectStatus(201, await checkOut(world.readyCart()));
    world.placed(first, 1);
    expectStatus(200, await fleet.anyone.get("/store/v1/products?limit=2", after(article)));
    expectStatus(200, await fleet.anyone.get("/reference/v1/currencies"));
    return world;
  }

  readyCart(): Shopper {
    const [shopper] = this.ready.splice(0, 1);
    if (!shopper) throw new Error("there are no carts left that are ready");
    return shopper;
  }

  giveBack(shopper: Shopper): void {
    this.ready.push(shopper);
  }

  placed({ body }: Answer, quantity: number): void {
    const { id, status } = body as { id: string; status: string };
    if (!this.orders.some((order) => order.id === id)) this.orders.push({ id, quantity });
    if (status === "confirmed") this.untaken.push(id);
  }

  /** A confirmed order whose money has not been taken. */
  get confirmed(): string {
    const id = this.untaken[0];
    if (id === undefined) throw new Error("there is no order left whose money could be taken");
    return id;
  }

  taken(id: string): void {
    this.untaken.splice(this.untaken.indexOf(id), 1);
  }

  next(): number {
    return ++this.made;
  }
}

/** Away is 503 with the time after which to come again; anything else that is no success is wrong. */
function observed(answer: Answer): Observed {
  if (answer.status < 300) return "works";
  if (answer.status === 503 && answer.headers["retry-after"] !== undefined) return "refused";
  throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 400)}`);
}

/** A public read: of what somebody has looked at before, and of what nobody has. */
async function reads({ fleet: { anyone } }: World, known: string, unknown: string): Promise<Observed> {
  const [before, anew] = [observed(await anyone.get(known)), observed(await anyone.get(unknown))];
  return before === anew ? before : "works in part";
}

const keyed = () => ({ "Idempotency-Key": newId() });

type Activity = (world: World, expected: Observed) => Promise<Observed>;

export const ACTIVITIES: Readonly<Record<string, Activity>> = {
  "look around": (world) => reads(world, "/store/v1/products?limit=2", `/store/v1/products?limit=${2 + world.next()}`),
  "read currencies": (world) =>
    reads(world, "/reference/v1/currencies", `/reference/v1/currencies/${CODES[world.next() % CODES.length] ?? ""}`),

  "fill a cart": async ({ fleet: { anyone }, sku }) => {
    const opened = await anyone.post("/store/v1/carts", { currency: "GBP", country: "GB" }, keyed());
    if (observed(opened) === "refused") return "refused";
    const caller = anyone.as(opened.body.shopperToken);
    return observed(await caller.post(`/store/v1/carts/${opened.body.id}/items`, { sku, quantity: 1 }, keyed()));
  },

  /** In part: the order is taken, and what becomes of it later. */
  "check out": async (world, expected) => {
    const shopper = world.readyCart();
    const headers = { ...keyed(), Prefer: `wait=${expected === "works in part" ? 1 : 60}` };
    const answer = await shopper.caller.post(`${shopper.cart}/checkout`, PAYMENT, headers);
    if (observed(answer) === "refused") {
      world.giveBack(shopper);
      return "refused";
    }
    world.placed(answer, 1);
    return answer.body.status === "confirmed" ? "works" : "works in part";
  },

  "see an order": async ({ fleet: { admin }, orders }) =>
    observed(await admin.get(`/admin/v1/orders/${orders[0]?.id ?? ""}`)),

  "take a payment": async (world) => {
    const id = world.confirmed;
    const outcome = observed(await world.fleet.admin.post(`/admin/v1/orders/${id}/capture`, undefined, keyed()));
    if (outcome === "works") world.taken(id);
    return outcome;
  },

  "change an article": async (world) =>
    observed(await world.fleet.admin.patch(`/admin/v1/products/${world.product}`, { title: `Known ${world.next()}` })),

  "set a price": async ({ fleet: { admin } }) =>
    observed(await admin.post("/admin/v1/prices/ASIDE", { currency: "GBP", amount: "11.00" }, keyed())),

  "receive stock": async ({ fleet: { admin } }) =>
    observed(await admin.post("/admin/v1/stock/main/ASIDE/receipts", { quantity: 1 }, keyed())),

  "define a currency": async ({ fleet: { admin } }) =>
    observed(await admin.put("/reference/v1/currencies/XTS", { name: "Test", fractionDigits: 2 })),

  "find a person": async ({ fleet: { admin } }) => observed(await admin.get("/admin/v1/people?text=ada@example.org")),

  "read figures": async ({ fleet: { admin } }) => observed(await admin.get("/analytics/v1/feeds/orders/summary")),

  "look into the log": async ({ fleet: { admin }, orders }) =>
    observed(await admin.get(`/admin/v1/streams/order/${orders[0]?.id ?? ""}`)),
};

const PAYMENT = { payment: { method: "test", token: "tok_approve" } };
const CODES = ["EUR", "USD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "JPY", "CAD", "AUD", "NZD", "ISK"];
