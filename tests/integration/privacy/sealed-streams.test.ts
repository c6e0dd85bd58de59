import { cart, type CartCommand } from "../../../src/domains/cart";
import { FORGOTTEN_EMAIL, NOBODY, type Timestamp } from "../../../src/domains/kernel";
import { forgetting } from "../../../src/domains/privacy";
import { contextsOf } from "../../../src/engine/contexts";
import { Engine } from "../../../src/engine/engine";
import { type NewEvent } from "../../../src/infra/eventstore";
import { SealBroken } from "../../../src/infra/privacy";
import { type CommandContext, newId } from "../../../src/infra/runtime";
import { eventually } from "../../support/eventually";
import { TEST_MASTER_KEYS } from "../../support/master-keys";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/** Streams that hold personal data, written by the command handler and read again. */

let stores: TestStores;
const mongoPrefix = uniquePrefix();
const engines: Engine[] = [];

async function start(work: "all" | readonly string[]): Promise<Engine> {
  const engine = await Engine.start({
    contexts: contextsOf({ paymentTimeout: 60 }),
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix,
    writeConcern: 1,
    work,
    masterKeys: TEST_MASTER_KEYS,
    report: () => undefined,
  });
  engines.push(engine);
  return engine;
}

let engine: Engine;
beforeAll(async () => {
  stores = await startStores();
  engine = await start([]);
});
afterAll(async () => {
  await Promise.all(engines.map((each) => each.stop()));
  await stores.stop();
});

const context = (person: string) =>
  ({
    commandId: newId(),
    commandHash: "the-content",
    correlationId: newId(),
    actor: `shopper:${person}`,
  }) satisfies CommandContext;
const at = "2026-03-14T10:05:27.413Z" as Timestamp;

async function opened(person: string, email = "ada@example.org"): Promise<string> {
  const cartId = newId();
  const taxation = { taxRegime: "inclusive", taxRates: { standard: "0.20" } };
  const open = { type: "OpenCart", at, cartId, owner: person, currency: "GBP", country: "GB", ...taxation };
  await done(cartId, open, person);
  await done(cartId, { type: "SetCartEmail", at, cartId, by: person, email }, person);
  return cartId;
}

async function done(cartId: string, command: object, person: string): Promise<void> {
  const outcome = await engine.commands.execute(cart, cartId, command as CartCommand, context(person));
  if (!outcome.accepted) throw outcome.error;
}

const sealedEvents = async (stream: string) => {
  const events = [];
  for await (const event of engine.log.readSealed(stream)) events.push(event);
  return events;
};

test("every event of the stream says whose it is, also one that holds nothing personal", async () => {
  const person = newId();
  const cartId = await opened(person);
  await done(cartId, { type: "AbandonCart", at, cartId, by: person, reason: "enough" }, person);
  const events = await sealedEvents(`cart-${cartId}`);
  const subject = (await engine.people?.find(person))?.subject;
  expect(events.map(({ metadata }) => metadata.person)).toEqual([subject, subject, subject]);
  expect(events.at(-1)?.data).toEqual({ cartId, reason: "enough" });
  expect(JSON.stringify(events.map(({ data, metadata }) => [data, metadata]))).not.toContain(person);
});

test("a ciphertext that was copied into another stream, or another field, is refused", async () => {
  const [person, other] = [newId(), newId()];
  const [from, to] = [await opened(person), await opened(other)];
  const [, set] = await sealedEvents(`cart-${from}`);
  if (!set) throw new Error("there is no such event");
  const { type, data, metadata } = set;
  const copied: NewEvent = { id: newId(), type, data: { ...(data as object), cartId: to }, metadata };
  expect(await engine.log.append(`cart-${to}`, [copied], 1)).toMatchObject({ ok: true });
  const reader = await start([]);
  await expect(reader.commands.load(cart, to)).rejects.toThrow(SealBroken);
});

test("streams from the time before are read and gone on with", async () => {
  const [person, cartId] = [newId(), newId()];
  const taxation = { taxRegime: "inclusive", taxRates: { standard: "0.20" } };
  const data = { cartId, owner: person, currency: "GBP", country: "GB", ...taxation };
  const metadata = { ...context(person), causationId: newId(), schemaVersion: 1, occurredAt: at };
  await engine.log.append(`cart-${cartId}`, [{ id: newId(), type: "CartOpened", data, metadata }], -1);
  await done(cartId, { type: "SetCartEmail", at, cartId, by: person, email: "ada@example.org" }, person);
  const [first, second] = await sealedEvents(`cart-${cartId}`);
  expect(first?.data).toEqual(data);
  expect(second?.data).toMatchObject({ email: expect.stringMatching(/^sealed:1:/) });
  expect((await engine.commands.load(cart, cartId)).state).toMatchObject({ owner: person, email: "ada@example.org" });
});

test("what was decided before a forgetting and is written after it says nothing of the person", async () => {
  const person = newId();
  const cartId = await opened(person);
  const key = await engine.people?.find(person);
  await engine.forget(key?.subject ?? "");
  const event = { id: newId(), type: "CartEmailSet", data: { cartId, email: "late@example.org" }, metadata: { ...context(person), causationId: newId(), schemaVersion: 1, occurredAt: at } }; // prettier-ignore
  const { events } = await engine.log.codec.seal(`cart-${cartId}`, [event], { stream: key?.subject });
  expect(events[0]).toMatchObject({ data: { email: FORGOTTEN_EMAIL }, metadata: { actor: `shopper:${NOBODY}` } });
  const { state } = await engine.commands.load(cart, cartId);
  expect(state).toMatchObject({ owner: NOBODY, email: FORGOTTEN_EMAIL });
});

test("a forgetting that was recorded is carried out, whatever became of the process that recorded it", async () => {
  const person = newId();
  const cartId = await opened(person);
  const subject = (await engine.people?.find(person))?.subject ?? "";
  await engine.answers.get("cart")?.remember("refused", "hash", { idleAt: 1 }, subject);
  // As if the process had died right after the append.
  const command = { type: "ForgetPerson", at, person: subject } as const;
  await engine.commands.execute(forgetting, subject, command, { ...context("nobody"), actor: "key:admin" });
  // The log tells every process at once; the key itself is still there.
  await eventually(() => engine.people?.known(subject) === null);
  const keys = engine.stores.collection<{ _id: string }>("keys", "people");
  expect(await keys.countDocuments({ _id: subject })).toBe(1);
  const worker = await start(["privacy", "cart"]);
  await eventually(async () => (await keys.countDocuments({ _id: subject })) === 0);
  await eventually(async () => (await worker.answers.get("cart")?.recall("refused", "hash")) === undefined);
  expect((await worker.commands.load(cart, cartId)).state).toMatchObject({ owner: NOBODY, email: FORGOTTEN_EMAIL });
  // Handled again, as after a crash of the worker, it harms nobody: not even the same person, come again.
  await eventually(async () => (await engine.people?.keyOf(person)) !== undefined);
  await engine.forget(subject);
  expect(await engine.people?.find(person)).toBeDefined();
});
