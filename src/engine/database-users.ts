import { type Db } from "mongodb";
import { CONTEXTS } from "./contexts";

/** A role that one database defines. */
export interface DatabaseRole {
  readonly role: string;
  readonly db: string;
  readonly privileges: readonly {
    readonly resource: { readonly db: string; readonly collection: string };
    readonly actions: readonly string[];
  }[];
}

/** A user of MongoDB, and what it may do. All are users of `admin`. */
export interface DatabaseUser {
  readonly user: string;
  readonly roles: readonly { readonly role: string; readonly db: string }[];
}

export interface DatabaseUsers {
  readonly roles: readonly DatabaseRole[];
  readonly users: readonly DatabaseUser[];
}

const READ = ["find"];
const WRITE = ["find", "insert", "update", "remove", "createCollection", "createIndex"];

/**
 * The logins of a fleet. That of a context opens the context's database and no other; what is no context's alone has
 * logins of its own, of which a service is given those that it needs:
 *
 * - `keys` opens the keys of people, for those who show personal data or act on it;
 * - `register` reads API keys, and enters a process into the register of instances;
 * - `gateway` reads the register, enters itself, and counts requests for limits that gateways share.
 *
 * `prepare` opens all, for the job that runs before the services of a new version.
 */
export function databaseUsers(prefix: string): DatabaseUsers {
  const named = (name: string) => `${prefix}_${name}`;
  const operations = named("operations");
  const write = (name: string) => ({ role: "readWrite", db: named(name) });
  const on = (collection: string, actions: readonly string[]) => ({
    resource: { db: operations, collection },
    actions,
  });
  const keys = [on("api_keys", READ), on("api_key_uses", WRITE)];
  const owned = (role: string) => ({ user: role, roles: [{ role, db: operations }] });
  return {
    roles: [
      {
        role: "register",
        db: operations,
        privileges: [...keys, on("settings", READ), on("instances", WRITE)],
      },
      { role: "gateway", db: operations, privileges: [...keys, on("instances", WRITE), on("counts", WRITE)] },
    ],
    users: [
      ...CONTEXTS.map((context) => ({ user: context, roles: [write(context)] })),
      { user: "keys", roles: [write("keys")] },
      owned("register"),
      owned("gateway"),
      { user: "prepare", roles: [...CONTEXTS, "keys"].map(write) },
    ],
  };
}

/**
 * Brings the users of a server to what they should be; may be done again.
 * @param admin the database `admin`, opened by somebody who may make users and roles
 */
export async function createDatabaseUsers(
  admin: Db,
  database: (name: string) => Db,
  { roles, users }: DatabaseUsers,
  passwordOf: (user: string) => string,
): Promise<void> {
  for (const { role, db, privileges } of roles)
    await either(database(db), { createRole: role, privileges, roles: [] }, { updateRole: role, privileges });
  for (const { user, roles: own } of users) {
    const pwd = passwordOf(user);
    await either(admin, { createUser: user, pwd, roles: own }, { updateUser: user, pwd, roles: own });
  }
}

/** Server error codes: there is such a user, such a role. */
const THERE = new Set([51_002, 51_003]);

async function either(database: Db, make: object, change: object): Promise<void> {
  try {
    await database.command(make);
  } catch (error) {
    if (!THERE.has(Number((error as { code?: unknown }).code))) throw error;
    await database.command(change);
  }
}
