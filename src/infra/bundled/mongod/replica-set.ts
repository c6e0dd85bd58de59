import { MongoClient, MongoServerError, type Db, type Document } from "mongodb";
import { MongodError } from "./errors";
import { HOST } from "./free-port";
import type { MongodProcess } from "./mongod-process";
import { pollUntil } from "./poll";

/** Transactions and change streams need a replica set, be it of one. */
export const SET_NAME = "rs0";

/** Server error codes: https://www.mongodb.com/docs/manual/reference/error-codes/ */
const ALREADY_INITIALIZED = 23;
const NOT_YET_INITIALIZED = 94;

interface SetConfig extends Document {
  _id: string;
  version: number;
  members: { _id: number; host: string }[];
}

/**
 * Makes the mongod on `port` the writable primary of its own set of one, whatever it was before: a new folder is
 * initiated, and a set that knows itself by another port is told the new one.
 * @returns false when the mongod ended before it got there
 * @throws MongodError when the folder belongs to a set that is not ours, or no primary appears before the deadline
 */
export async function becomePrimary(mongod: MongodProcess, port: number, deadline: number): Promise<boolean> {
  const client = controlClient(port);
  const admin = client.db("admin");
  let lastError: unknown;
  try {
    const primary = await pollUntil(async () => {
      if (mongod.ended) return true;
      try {
        // The driver may wait for ever for the answer of a server that has just ended.
        return await Promise.race([stepTowardsPrimary(admin, `${HOST}:${port}`), mongod.exited.then(() => true)]);
      } catch (error) {
        if (error instanceof MongodError) throw error;
        // While a set takes up its configuration it refuses commands and may close connections: ask again.
        lastError = error;
        return false;
      }
    }, deadline);
    if (!primary) throw new MongodError("mongod runs but does not become primary in time.", { cause: lastError });
    return mongod.ended === undefined;
  } finally {
    await client.close();
  }
}

/** Whether the server on the port is the mongod of this folder, and not a stranger that was faster to take the port. */
export async function servesFolder(port: number, dir: string): Promise<boolean> {
  const client = controlClient(port);
  try {
    const { parsed } = await client.db("admin").command({ getCmdLineOpts: 1 });
    return (parsed as { storage?: { dbPath?: string } }).storage?.dbPath === dir;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}

export function controlClient(port: number): MongoClient {
  return new MongoClient(`mongodb://${HOST}:${port}/?directConnection=true`, {
    maxPoolSize: 1,
    serverSelectionTimeoutMS: 5_000,
    connectTimeoutMS: 2_000,
  });
}

async function stepTowardsPrimary(admin: Db, host: string): Promise<boolean> {
  const hello = await admin.command({ hello: 1 });
  if (hello["isWritablePrimary"] === true && hello["me"] === host) return true;
  const config = await currentConfig(admin);
  if (!config) await initiate(admin, host);
  else if (config.members[0]?.host !== host) await reconfigure(admin, config, host);
  return false;
}

/** undefined as long as there is none, also while a set that has one is still reading it. */
async function currentConfig(admin: Db): Promise<SetConfig | undefined> {
  try {
    const { config } = await admin.command({ replSetGetConfig: 1 });
    return ofOurs(config as SetConfig);
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NOT_YET_INITIALIZED) return undefined;
    throw error;
  }
}

function ofOurs(config: SetConfig): SetConfig {
  if (config._id !== SET_NAME || config.members.length !== 1) {
    const names = config.members.map((member) => member.host).join(", ");
    throw new MongodError(
      `The data folder belongs to the replica set "${config._id}" (${names}): run that set yourself and name it in MONGODB_URL.`,
    );
  }
  return config;
}

async function initiate(admin: Db, host: string): Promise<void> {
  // A set of one has nobody to wait for: short times only make it elect itself sooner.
  const settings = { electionTimeoutMillis: 500, heartbeatIntervalMillis: 500 };
  const config = { _id: SET_NAME, members: [{ _id: 0, host }], settings };
  await admin.command({ replSetInitiate: config }).catch((error: unknown) => {
    // mongod knows better than NotYetInitialized said: it was still reading its configuration.
    if (!(error instanceof MongoServerError && error.code === ALREADY_INITIALIZED)) throw error;
  });
}

/** Forced, because a set that does not find itself in its configuration has no primary to ask. */
async function reconfigure(admin: Db, config: SetConfig, host: string): Promise<void> {
  await admin.command({ replSetReconfig: withHost(config, host), force: true });
}

export function withHost(config: SetConfig, host: string): SetConfig {
  return { ...config, version: config.version + 1, members: config.members.map((member) => ({ ...member, host })) };
}
