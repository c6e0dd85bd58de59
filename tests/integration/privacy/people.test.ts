import { masterKey, MasterKeyMissing, type MasterKeys, People } from "../../../src/infra/privacy";
import { MongoStores } from "../../../src/infra/mongo";
import { newId } from "../../../src/infra/runtime";
import { eventually } from "../../support/eventually";
import { TEST_MASTER_KEYS } from "../../support/master-keys";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/** Keys of people over a real database. */

let stores: TestStores;
const open: MongoStores[] = [];

beforeAll(async () => {
  stores = await startStores({ need: { mongo: true } });
});
afterAll(async () => {
  await Promise.all(open.map((each) => each.close()));
  await stores.stop();
});

async function database(prefix = uniquePrefix()): Promise<MongoStores> {
  const connected = await MongoStores.connect({ url: stores.mongoUrl, prefix, writeConcern: 1 });
  open.push(connected);
  return connected;
}

/** The people as a process of its own knows them. */
const process = async (at: MongoStores, options = {}, keys: MasterKeys = TEST_MASTER_KEYS) =>
  People.open(await database(at.prefix), keys, options);

test("processes that make people's first keys at once end with one key a person", async () => {
  const at = await database();
  const processes = await Promise.all([process(at), process(at), process(at)]);
  const people = Array.from({ length: 60 }, () => newId());
  const made = await Promise.all(processes.map((each) => Promise.all(people.map((person) => each.keyOf(person)))));
  const [first, ...others] = made.map((keys) => keys.map(({ subject, key }) => `${subject} ${key.export().toString("hex")}`)); // prettier-ignore
  for (const other of others) expect(other).toEqual(first);
  expect(new Set(first).size).toBe(60);
  expect(await at.collection("keys", "people").countDocuments()).toBe(60);
});

test("neither a key nor an id can be read from the database", async () => {
  const at = await database();
  const people = await process(at);
  const key = await people.keyOf("online-retail:17850");
  people.note(key, "Ada@example.org");
  await people.flush();
  const kept = ["people", "texts"].map((name) => at.collection("keys", name).find().toArray());
  const text = JSON.stringify(await Promise.all(kept));
  const raw = key.key.export();
  for (const secret of ["17850", "ada@", "Ada@", raw.toString("base64"), raw.toString("hex")])
    expect([secret, text.includes(secret)]).toEqual([secret, false]);
  expect(await people.holding(" ada@EXAMPLE.org")).toEqual([key.subject]);
  expect(await people.holding("17850")).toEqual([key.subject]);
});

test("who had many addresses is found by each of them, and none makes the next slower to write", async () => {
  const at = await database();
  const people = await process(at);
  const key = await people.keyOf("online-retail:17850");
  const keys = at.collection("keys", "people");
  const [before] = await keys.find().toArray();
  const address = (n: number) => `shopper+${n}@example.org`;
  for (let n = 0; n < 3_000; n++) {
    people.note(key, address(n));
    if (n % 100 === 0) void people.flush();
  }
  for (const n of [0, 1_234, 2_999]) expect(await people.holding(address(n))).toEqual([key.subject]);
  expect(await people.holding(address(3_000))).toEqual([]);
  expect(await keys.find().toArray()).toEqual([before]);
});

test("what somebody was found by is gone with the key, also what is being noted meanwhile", async () => {
  const at = await database();
  const [one, other] = [await process(at), await process(at)];
  for (let round = 0; round < 20; round++) {
    const key = await one.keyOf(newId());
    one.note(key, "ada@example.org");
    await one.flush();
    for (let n = 0; n < 5; n++) other.note(key, `ada+${n}@example.org`);
    const [, destroyed] = await Promise.all([other.flush(), one.destroy(key.subject)]);
    expect(destroyed).toBe(true);
  }
  expect(await at.collection("keys", "texts").find().toArray()).toEqual([]);
  expect(await one.holding("ada@example.org")).toEqual([]);
});

test("somebody is found by what earlier versions kept with the key", async () => {
  const at = await database();
  const people = await process(at);
  const key = await people.keyOf("online-retail:17850");
  people.note(key, "ada@example.org");
  await people.flush();
  const [noted] = await at.collection<{ _id: string; text: string }>("keys", "texts").find().toArray();
  await at.collection<{ _id: string }>("keys", "people").updateMany({}, { $set: { texts: [noted?.text] } });
  await at.collection("keys", "texts").deleteMany({});
  expect(await people.holding("ada@example.org")).toEqual([key.subject]);
});

test("a key that is kept in memory is gone as soon as a process is told, and by itself a while later", async () => {
  const at = await database();
  const [told, deaf] = [await process(at), await process(at, { ttl: 200 })];
  const person = newId();
  const { subject } = await told.keyOf(person);
  expect((await deaf.read(subject))?.person).toBe(person);
  const heard: string[] = [];
  told.forgotten$.subscribe((each) => heard.push(each));
  expect(await told.destroy(subject)).toBe(true);
  expect([told.known(subject), await told.read(subject), await told.find(person), heard]).toEqual([null, undefined, undefined, [subject]]); // prettier-ignore
  await eventually(async () => (await deaf.read(subject)) === undefined);
  // Once more changes nothing.
  expect(await told.destroy(subject)).toBe(false);
});

test("who comes again is somebody new, and the old key does not come back", async () => {
  const at = await database();
  const people = await process(at);
  const person = newId();
  const before = await people.keyOf(person);
  await people.destroy(before.subject);
  const after = await people.keyOf(person);
  expect(after.subject).not.toBe(before.subject);
  expect(await people.read(before.subject)).toBeUndefined();
  expect((await (await process(at)).keyOf(person)).subject).toBe(after.subject);
});

test("a key that is made while its person is being forgotten waits until the old one is gone", async () => {
  const at = await database();
  const people = await process(at);
  const person = newId();
  const { subject } = await people.keyOf(person);
  people.forgotten(subject); // the log has told of it, and the key is still there
  const asked = people.keyOf(person);
  await at.collection<{ _id: string }>("keys", "people").deleteOne({ _id: subject });
  expect((await asked).subject).not.toBe(subject);
});

const other = masterKey(Buffer.alloc(32, 9).toString("base64"));

test("a master key can be replaced: what it wrapped is wrapped anew, as it is read or all at once", async () => {
  const at = await database();
  const people = await process(at);
  const keys = await Promise.all(["a", "b", "c"].map((person) => people.keyOf(person)));
  await expect(process(at, {}, { current: other, previous: [] })).rejects.toThrow(MasterKeyMissing);
  const rotated = await process(at, {}, { current: other, previous: [TEST_MASTER_KEYS.current] });
  expect((await rotated.find("a"))?.subject).toBe(keys[0]?.subject);
  const wrappedBy = (id: string) => at.collection("keys", "people").countDocuments({ masterKey: id });
  await eventually(async () => (await wrappedBy(other.id)) === 1);
  expect(await rotated.rewrap()).toBe(2);
  expect(await wrappedBy(other.id)).toBe(3);
  const alone = await process(at, {}, { current: other, previous: [] });
  for (const key of keys) expect((await alone.read(key.subject))?.key.export()).toEqual(key.key.export());
  await expect(process(at)).rejects.toThrow(/^The keys of people in this database are wrapped by master key \w{12}, and MASTER_KEY is \w{12}\./); // prettier-ignore
});
