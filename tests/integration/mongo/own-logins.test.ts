import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { type Document, MongoClient } from "mongodb";
import { contextsOf } from "../../../src/engine/contexts";
import { Engine } from "../../../src/engine/engine";
import { findMongod } from "../../../src/infra/bundled/mongod";
import { freePort } from "../../../src/infra/bundled/mongod/free-port";
import { eventually } from "../../support/eventually";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/*
 * A real mongod with authentication (a replica set with a key file) and the users that deploy/mongodb/users.js says:
 * each context's worker runs with its login, and the login opens no other context's database.
 */

const CONTEXTS = contextsOf({ paymentTimeout: 60 }).map(({ name }) => name);
const prefix = uniquePrefix();
const password = "as-long-as-it-is-no-secret";
let folder: string;
let mongod: ChildProcess;
let members: string;
let eventstore: TestStores;

const login = (user: string) => `mongodb://${user}:${password}@${members}/?replicaSet=rs0&authSource=admin`;

/** What the script makes, by a shell that only takes it down. */
async function usersOfScript() {
  const text = await readFile(join(__dirname, "../../../deploy/mongodb/users.js"), "utf8");
  const users: Document[] = [];
  const roles: Document[] = [];
  const database = {
    getUser: () => null,
    createUser: ({ user, pwd, roles: its }: Document) => users.push({ createUser: user, pwd, roles: its }),
    getRole: () => null,
    createRole: ({ role, privileges }: Document) => roles.push({ createRole: role, privileges, roles: [] }),
  };
  runInNewContext(text, {
    require: () => ({ readFileSync: () => `mongodb://u:${password}@h/` }),
    process: { env: { SECRETS: "/secrets", MONGODB_MEMBERS: members, MONGODB_PREFIX: prefix } },
    Mongo: class {
      getDB = () => database;
    },
    URL,
    print: () => undefined,
  });
  return { users, roles };
}

beforeAll(async () => {
  eventstore = await startStores({ need: { eventstore: true } });
  folder = await mkdtemp(join(tmpdir(), "millrace-logins-"));
  const keyFile = join(folder, "keyfile");
  await writeFile(keyFile, randomBytes(48).toString("base64"), { mode: 0o600 });
  const { binary } = await findMongod({ log: () => undefined });
  const port = await freePort();
  members = `127.0.0.1:${port}`;
  const set = ["--replSet", "rs0", "--keyFile", keyFile];
  mongod = spawn(binary, ["--port", String(port), "--bind_ip", "127.0.0.1", "--dbpath", folder, "--wiredTigerCacheSizeGB", "0.25", ...set], { stdio: "ignore" }); // prettier-ignore
  const first = await eventually(() => new MongoClient(`mongodb://${members}/?directConnection=true`, { serverSelectionTimeoutMS: 1_000 }).connect(), 60_000); // prettier-ignore
  await first.db("admin").command({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: members }] } });
  await eventually(async () => (await first.db("admin").command({ hello: 1 }))["isWritablePrimary"] === true, 60_000);
  await first.db("admin").command({ createUser: "admin", pwd: password, roles: ["root"] });
  await first.close();
  const admin = await new MongoClient(login("admin")).connect();
  const { users, roles } = await usersOfScript();
  for (const role of roles) await admin.db(`${prefix}_operations`).command(role);
  for (const user of users) await admin.db("admin").command(user);
  await admin.close();
}, 120_000);

afterAll(async () => {
  const ended = new Promise((resolve) => mongod.once("exit", resolve));
  mongod.kill();
  await ended;
  await rm(folder, { recursive: true, force: true });
  await eventstore.stop();
});

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: { codeName?: string }) => error.codeName ?? String(error),
  );

test("each context's worker runs with its own login", async () => {
  for (const name of CONTEXTS) {
    const engine = await Engine.start({
      contexts: contextsOf({ paymentTimeout: 60 }),
      eventstoreUrl: eventstore.eventstoreUrl,
      mongoUrl: login(`work-${name}`),
      mongoPrefix: prefix,
      work: "all",
      only: [name],
      report: () => undefined,
    });
    try {
      expect([name, await engine.level(30_000)]).toEqual([name, true]);
      expect(engine.readModelStates.filter(({ active }) => active.error !== undefined)).toEqual([]);
      expect(engine.workerStates.filter(({ state }) => state.error !== undefined)).toEqual([]);
    } finally {
      await engine.stop();
    }
  }
}, 120_000);

test("no login opens another context's database, or changes what is everybody's", async () => {
  for (const name of CONTEXTS) {
    const client = await new MongoClient(login(`work-${name}`)).connect();
    try {
      const allowed = new Set<string>();
      for (const other of CONTEXTS) {
        const collection = client.db(`${prefix}_${other}`).collection<{ _id: string }>("tried");
        const read = await outcome(collection.findOne({}));
        const wrote = await outcome(collection.insertOne({ _id: name }));
        if (read === "done" || wrote === "done") allowed.add(other);
        else expect([read, wrote]).toEqual(["Unauthorized", "Unauthorized"]);
      }
      expect([...allowed]).toEqual([name]);
      // What was answered to a person is forgotten with them; nobody else changes remembered answers.
      const answers = client.db(`${prefix}_operations`).collection<{ _id: string }>("answers");
      const changed = await outcome(answers.deleteOne({ _id: "nothing" }));
      expect([name, changed]).toEqual([name, name === "privacy" ? "done" : "Unauthorized"]);
    } finally {
      await client.close();
    }
  }
}, 120_000);
