import { currency } from "../../../src/domains/reference";
import { contextsOf } from "../../../src/engine/contexts";
import { Engine } from "../../../src/engine/engine";
import { type EngineOptions } from "../../../src/engine/options";
import { newId } from "../../../src/infra/runtime";
import { eventually } from "../../support/eventually";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/* A worker that is told its context opens that context's database, and what is no context's alone; the driver says so. */

let stores: TestStores;
let reference: Engine;
let cart: Engine;
const prefix = uniquePrefix();
const opened = new Set<string>();

beforeAll(async () => {
  stores = await startStores();
  const options: EngineOptions = {
    contexts: contextsOf({ paymentTimeout: 60 }),
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix: prefix,
    writeConcern: 1,
    work: "all",
    report: () => undefined,
  };
  reference = await Engine.start({ ...options, only: ["reference"] });
  cart = await Engine.start({ ...options, only: ["cart"], onCommand: ({ databaseName }) => opened.add(databaseName) });
});
afterAll(async () => {
  await Promise.all([reference.stop(), cart.stop()]);
  await stores.stop();
});

test("it learns what others do from events, and opens no database of theirs", async () => {
  const id = newId();
  const command = {
    type: "DefineCurrency",
    at: new Date().toISOString(),
    code: "EUR",
    name: "Euro",
    fractionDigits: 2,
  };
  await reference.commands.execute(currency, "EUR", command as never, { commandId: id, correlationId: id, actor: "key:test" }); // prettier-ignore
  const regions = cart.models.get("cart", "regions");
  await eventually(async () => (await regions.get("currency:EUR")) !== undefined);
  expect([...cart.runners.keys()].toSorted()).toEqual(["cart.carts", "cart.offers", "cart.regions"]);
  // `admin` takes what is about the connection itself.
  expect([...opened].filter((name) => name !== "admin")).toEqual([`${prefix}_cart`]);
});

test("what belongs to others is refused before it leaves the process", async () => {
  expect(() => cart.stores.database("reference")).toThrow("the database of reference is not opened here, but those of cart, operations, keys"); // prettier-ignore
  const id = newId();
  const command = { type: "WithdrawCurrency", at: new Date().toISOString(), code: "EUR" };
  await expect(
    cart.commands.execute(currency, "EUR", command as never, { commandId: id, correlationId: id, actor: "key:test" }),
  ).rejects.toThrow("nothing is appended to currency-EUR here: this process appends to cart-…, order-…");
});
