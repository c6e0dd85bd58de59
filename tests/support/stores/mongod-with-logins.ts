import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { createDatabaseUsers, databaseUsers } from "../../../src/engine/database-users";
import { findMongod } from "../../../src/infra/bundled/mongod";
import { freePort } from "../../../src/infra/bundled/mongod/free-port";
import { eventually } from "../eventually";
import { MONGO_PASSWORD } from "../planted";

/** A real mongod that asks who is there, with the users of `millrace database-users`. */
export interface MongodWithLogins {
  /** The connection string of a user. */
  login(user: string): string;
  stop(): Promise<void>;
}

/** A replica set of one with a key file: only so does mongod ask everybody for a password. */
export async function startMongodWithLogins(prefix: string): Promise<MongodWithLogins> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-logins-"));
  const keyFile = join(folder, "keyfile");
  await writeFile(keyFile, randomBytes(48).toString("base64"), { mode: 0o600 });
  const { binary } = await findMongod({ log: () => undefined });
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const place = ["--port", String(port), "--bind_ip", "127.0.0.1", "--dbpath", folder, "--nounixsocket"];
  // What has expired goes within a second instead of a minute.
  const parameters = ["diagnosticDataCollectionEnabled=false", "shutdownTimeoutMillisForSignaledShutdown=0", "ttlMonitorSleepSecs=1"]; // prettier-ignore
  const set = ["--replSet", "rs0", "--keyFile", keyFile, "--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"];
  const more = parameters.flatMap((each) => ["--setParameter", each]);
  const mongod: ChildProcess = spawn(binary, [...place, ...set, ...more], { stdio: "ignore" });
  const ended = new Promise((resolve) => mongod.once("exit", resolve));
  const login = (user: string) => `mongodb://${user}:${MONGO_PASSWORD}@${host}/?replicaSet=rs0&authSource=admin`;
  const stop = async () => {
    mongod.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const direct = `mongodb://${host}/?directConnection=true`;
    const first = await eventually(
      () => new MongoClient(direct, { serverSelectionTimeoutMS: 1_000 }).connect(),
      60_000,
    );
    const admin = first.db("admin");
    await admin.command({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host }] } });
    await eventually(async () => (await admin.command({ hello: 1 }))["isWritablePrimary"] === true, 60_000);
    // The first user is taken from this machine without a password, and then nobody is.
    await admin.command({ createUser: "admin", pwd: MONGO_PASSWORD, roles: ["root"] });
    await first.close();
    const administrator = await new MongoClient(login("admin")).connect();
    const database = (name: string) => administrator.db(name);
    await createDatabaseUsers(database("admin"), database, databaseUsers(prefix), () => MONGO_PASSWORD);
    await administrator.close();
    return { login, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
