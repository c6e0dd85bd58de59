import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { createDatabaseUsers, databaseUsers } from "../engine/database-users";
import { settings } from "../infra/config";
import { type Flags } from "./flags";

/**
 * `millrace database-users`: the logins of a fleet, one for each context, that MongoDB holds each process to. Prints
 * them, or makes them, with a file for each that has its connection string.
 */
export async function databaseUsersCommand(flags: Flags): Promise<void> {
  const { mongodbUrl, mongodbPrefix } = settings(process.env, flags);
  const wanted = databaseUsers(mongodbPrefix);
  const folder = flags["create"];
  if (typeof folder !== "string") return void process.stdout.write(`${JSON.stringify(wanted, null, 2)}\n`);
  if (mongodbUrl === undefined)
    throw new Error("--create wants the MongoDB in MONGODB_URL (--mongodb), as a user who may make others.");
  const client = new MongoClient(mongodbUrl, { serverSelectionTimeoutMS: 10_000 });
  try {
    await client.connect();
    const urlOf = (user: string) => keptUrl(join(folder, user), user, mongodbUrl);
    const passwordOf = (user: string) => passwordIn(urlOf(user), join(folder, user));
    await createDatabaseUsers(client.db("admin"), (name) => client.db(name), wanted, passwordOf);
  } finally {
    await client.close();
  }
  process.stdout.write(
    `${wanted.users.length} users of ${mongodbPrefix}_*: their connection strings are in ${folder}\n`,
  );
}

/** What the file says; made, with a password of its own, where it is not there. Only its owner can read it. */
function keptUrl(folder: string, user: string, admins: string): string {
  const path = join(folder, "mongodb-url");
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${loginAt(admins, user, randomBytes(24).toString("hex"))}\n`, { mode: 0o600, flag: "wx" });
  }
  return readFileSync(path, "utf8").trim();
}

/** The same servers, as another user. */
function loginAt(url: string, user: string, password: string): string {
  const [, scheme = "", rest = ""] = /^(mongodb(?:\+srv)?:\/\/)(?:[^@/]*@)?(.*)$/.exec(url) ?? [];
  const [hosts = "", query = ""] = rest.split(/\/[^?]*\??/, 2);
  const options = new URLSearchParams(query);
  options.set("authSource", "admin");
  return `${scheme}${user}:${password}@${hosts}/?${options.toString()}`;
}

function passwordIn(url: string, path: string): string {
  const [, password] = /^mongodb(?:\+srv)?:\/\/[^:@/]+:([^@/]+)@/.exec(url) ?? [];
  if (password === undefined) throw new Error(`${path}/mongodb-url has no password in it.`);
  return decodeURIComponent(password);
}
