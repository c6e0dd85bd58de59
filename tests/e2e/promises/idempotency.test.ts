import { newId } from "../../../src/infra/runtime";
import { startShop } from "../../../src/engine/shop";
import { type Answer, Caller } from "../../support/http";
import { atRest, eventsAfter } from "../../support/log";
import { startTestShop, type TestShop } from "../../support/shop";
import { catalogueRecipes } from "./recipes/catalogue";
import { idleRecipes } from "./recipes/idle";
import { referenceRecipes } from "./recipes/reference";
import { storeRecipes } from "./recipes/store";
import { bulkRecipes, privacyRecipes, tradeRecipes } from "./recipes/trade";
import { type Call, type Recipes, Workshop } from "./recipes/workshop";

/** Nothing happens twice: a repeated command gives the first answer and changes nothing. */

const recipes: Recipes = {
  ...storeRecipes,
  ...catalogueRecipes,
  ...tradeRecipes,
  ...bulkRecipes,
  ...privacyRecipes,
  ...referenceRecipes,
};

/** A command that was sent, to be repeated later. */
interface Sent {
  readonly call: Call;
  readonly key: string;
  readonly first: Shown;
}

let shop: TestShop;
let workshop: Workshop;
const sent = new Map<string, Sent[]>();

beforeAll(async () => {
  shop = await startTestShop();
  workshop = new Workshop(() => shop);
});
afterAll(() => shop.stop());

type Verb = "POST" | "PUT" | "PATCH" | "DELETE";

async function send(route: string, { path, body, shopper, headers }: Call, key: string): Promise<Answer> {
  const caller = shopper === undefined ? shop.admin : shopper === null ? shop.anyone : shop.anyone.as(shopper);
  const method = route.slice(0, route.indexOf(" ")) as Verb;
  return caller.call(method, path, { body, headers: { ...headers, "Idempotency-Key": key } });
}

/** What of an answer must be the same each time: all but what names the single request. */
function shown({ status, body, headers }: Answer) {
  const { correlationId: _, ...content } = typeof body === "object" ? body : { text: body };
  return { status, content, etag: headers["etag"], location: headers["location"] };
}
type Shown = ReturnType<typeof shown>;

/** Events by their types, whatever order the streams came in. */
const typesAfter = async (position: bigint): Promise<readonly string[]> => {
  await atRest(shop);
  return (await eventsAfter(shop, position)).map(({ type }) => type).sort();
};

const remember = (route: string, entry: Sent) => sent.set(route, [...(sent.get(route) ?? []), entry]);

test("there is a recipe for every command of the shop, and for nothing else", async () => {
  const { paths } = (await shop.anyone.get("/openapi.json")).body as { paths: Record<string, object> };
  const commands = Object.entries(paths).flatMap(([path, item]) =>
    ["post", "put", "patch", "delete"]
      .filter((method) => method in item && /^\/(store|admin|reference)\//.test(path))
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(Object.keys(recipes).sort()).toEqual(commands.sort());
});

const each = Object.entries(recipes).map(([route, recipe]) => ({ route, recipe }));

describe.each(each)("$route", ({ route, recipe }) => {
  let once: readonly string[] = [];

  test("repeated, also after others have written, gives the first answer and changes nothing", async () => {
    const call = await recipe.accepted(workshop);
    const key = newId();
    const before = await atRest(shop);
    const answer = await send(route, call, key);
    const first = shown(answer);
    expect(first.status).toBeLessThan(300);
    remember(route, { call, key, first });
    once = await typesAfter(before);
    expect(once.length).toBeGreaterThan(0);

    let reached = await atRest(shop);
    expect(shown(await send(route, call, key))).toEqual(first);
    expect(await typesAfter(reached)).toEqual([]);

    if (recipe.meanwhile) {
      await recipe.meanwhile(workshop, call, answer);
      reached = await atRest(shop);
      expect(shown(await send(route, call, key))).toEqual(first);
      expect(await typesAfter(reached)).toEqual([]);
    }
    if (recipe.otherBody) {
      const other = await send(route, { ...call, body: recipe.otherBody }, key);
      expect(other).toMatchObject({ status: 422, body: { code: "idempotency-key-reused" } });
      expect(await typesAfter(reached)).toEqual([]);
    }
  });

  test("sent 8 times at once happens once", async () => {
    const call = await recipe.accepted(workshop);
    const key = newId();
    const before = await atRest(shop);
    const answers = (await Promise.all(Array.from({ length: 8 }, () => send(route, call, key)))).map(shown);
    const [first] = answers as [Shown, ...Shown[]];
    expect(first.status).toBeLessThan(300);
    for (const answer of answers) expect(answer).toEqual(first);
    expect(await typesAfter(before)).toEqual(once);
    remember(route, { call, key, first });
  });

  const { refused } = recipe;
  if (refused === undefined) return;
  test("refused, is refused alike when it is repeated, also when its reason has gone", async () => {
    const { code, mend, ...call } = await refused(workshop);
    const key = newId();
    const answers = (await Promise.all(Array.from({ length: 4 }, () => send(route, call, key)))).map(shown);
    const [first] = answers as [Shown, ...Shown[]];
    expect(first).toMatchObject({ content: { code } });
    for (const answer of answers) expect(answer).toEqual(first);
    remember(route, { call, key, first });
    if (recipe.otherBody) {
      const other = await send(route, { ...call, body: recipe.otherBody }, key);
      expect(other).toMatchObject({ status: 422, body: { code: "idempotency-key-reused" } });
    }
    await mend?.();
    const reached = await atRest(shop);
    expect(shown(await send(route, call, key))).toEqual(first);
    expect(await typesAfter(reached)).toEqual([]);
    if (mend) expect((await send(route, call, newId())).status).toBeLessThan(300);
  });
});

test("of two contents sent at once under one key, one is accepted and the other refused", async () => {
  const route = "POST /admin/v1/products";
  const key = newId();
  const contents = [0, 1].map((n) => ({ path: "/admin/v1/products", body: { title: `One of two: ${n}`, slug: workshop.slug() } })); // prettier-ignore
  const before = await atRest(shop);
  const answers = await Promise.all([0, 1, 0, 1, 0, 1].map((n) => send(route, contents[n] as Call, key)));
  const accepted = answers.filter(({ status }) => status === 201);
  expect(accepted).toHaveLength(3);
  expect(new Set(accepted.map(({ body }) => body.title)).size).toBe(1);
  for (const refused of answers.filter(({ status }) => status !== 201))
    expect(refused).toMatchObject({ status: 422, body: { code: "idempotency-key-reused" } });
  expect((await typesAfter(before)).filter((type) => type === "ProductDrafted")).toHaveLength(1);
});

test("a key that was used for one cart is refused for another, whatever became of the first command", async () => {
  const shopper = await workshop.shopper();
  const second = await workshop.done(shopper.caller.post("/store/v1/carts", { currency: "GBP", country: "GB" }));
  const body = { email: "one@example.org" };
  const to = (cart: string): Call => ({ path: `${cart}/email`, shopper: shopper.token, body });
  const other = `/store/v1/carts/${String(second.body.id)}`;
  const [done, refused] = [newId(), newId()];
  const route = "PUT /store/v1/carts/{cartId}/email";
  expect((await send(route, to(shopper.cart), done)).status).toBe(200);
  expect((await send(route, to(`/store/v1/carts/${newId()}`), refused)).status).toBe(404);
  const reached = await atRest(shop);
  for (const key of [done, refused])
    expect(await send(route, to(other), key)).toMatchObject({ status: 422, body: { code: "idempotency-key-reused" } });
  expect(await typesAfter(reached)).toEqual([]);
  expect((await send(route, to(other), newId())).status).toBe(200);
});

test("two instances that are sent the same at once give the same answer, to the letter", async () => {
  const second = await startShop({ ...shop.options, port: 0, work: [], beforeOpening: undefined });
  const instances = [shop.anyone, new Caller(second.url)] as const;
  try {
    for (let n = 0; n < 4; n++) {
      const shopper = await workshop.ready();
      const { sku, token } = shopper.article;
      // Both have the cart in memory.
      const headers = { "Consistency-Token": token };
      const warm = { sku, quantity: 1 };
      for (const each of instances)
        await workshop.done(each.as(shopper.token).post(`${shopper.cart}/items`, warm, headers));
      const atOnce = async (path: string, body: object) => {
        const key = { "Idempotency-Key": newId() };
        const answers = Array.from({ length: 6 }, (_, i) => (instances[i % 2] ?? shop.anyone).as(shopper.token).post(path, body, key)); // prettier-ignore
        const [first, ...others] = (await Promise.all(answers)).map(shown);
        expect(first?.status).toBeLessThan(300);
        for (const other of others) expect(other).toEqual(first);
      };
      await atOnce(`${shopper.cart}/items`, { sku, quantity: 2 });
      await atOnce(`${shopper.cart}/checkout`, { payment: { method: "test", token: "tok_approve" } });
    }
  } finally {
    await instances[1].close();
    await second.stop();
  }
});

describe("a command that found nothing to change does nothing later either", () => {
  test.each(Object.entries(idleRecipes))("%s", async (route, { call: make, meanwhile }) => {
    const call = await make(workshop);
    const key = newId();
    let reached = await atRest(shop);
    const first = shown(await send(route, call, key));
    expect(first.status).toBeLessThan(300);
    expect(await typesAfter(reached)).toEqual([]);
    await meanwhile(workshop, call);
    reached = await atRest(shop);
    expect(shown(await send(route, call, key))).toEqual(first);
    expect(await typesAfter(reached)).toEqual([]);
    remember(route, { call, key, first });
  });
});

describe("after a restart", () => {
  let reached = -1n;
  beforeAll(async () => {
    await atRest(shop);
    shop = await shop.restart();
    reached = await atRest(shop);
  });

  test.each(each)("$route is answered as before", async ({ route }) => {
    for (const { call, key, first } of sent.get(route) ?? [])
      expect(shown(await send(route, call, key))).toEqual(first);
  });

  test("nothing has happened", async () => {
    expect(await typesAfter(reached)).toEqual([]);
  });
});
