/* global Mongo, URL, print, sleep */
/* eslint-disable @typescript-eslint/no-require-imports -- mongosh has no other */

/*
 * The users of Millrace's databases, for mongosh: those of `millrace database-users`, which wrote users.json. Each process
 * logs in as one of its own. (`millrace database-users --create` does the same on a MongoDB that has an administrator.)
 *
 * SECRETS       a folder with <user>/mongodb-url for each, and mongodb/admin-password
 * MONGODB_MEMBERS  the replica set's members; it is started when it is not yet
 * MONGODB_PREFIX   as the services have it
 * USERS            users.json, where it is not at /scripts
 *
 * May be run again: users are brought to what this says.
 */
const { readFileSync } = require("fs");

const { SECRETS: folder, MONGODB_MEMBERS: members, MONGODB_PREFIX: prefix = "millrace" } = process.env;
const [first] = members.split(",");
const { roles, users } = JSON.parse(
  readFileSync(process.env.USERS || "/scripts/users.json", "utf8").replaceAll('"millrace_', `"${prefix}_`),
);

const secret = (...path) => readFileSync([folder, ...path].join("/"), "utf8").trim();
const adminPassword = secret("mongodb", "admin-password");
const asAdmin = `mongodb://admin:${adminPassword}@${members}/?replicaSet=rs0&authSource=admin&serverSelectionTimeoutMS=5000`;

/** The set as its administrator, who is made through the first member the first time. */
function administrator() {
  try {
    const set = new Mongo(asAdmin); // not returned at once: what mongosh waits for must be waited for in here
    return set;
  } catch {
    const [host, port] = ["127.0.0.1", first.split(":")[1]];
    const admin = new Mongo(`mongodb://${host}:${port}/?directConnection=true`).getDB("admin");
    if (!admin.hello().setName)
      admin.adminCommand({
        replSetInitiate: {
          _id: "rs0",
          // The first one is made the primary, as only on its own machine a set takes its first user.
          members: members.split(",").map((host, index) => ({ _id: index, host, priority: index === 0 ? 2 : 1 })),
        },
      });
    for (let tries = 0; !admin.hello().isWritablePrimary; tries++) {
      if (tries > 120) throw new Error(`${first} has not become the primary of the replica set`);
      sleep(500);
    }
    admin.createUser({ user: "admin", pwd: adminPassword, roles: ["root"] });
    return new Mongo(asAdmin);
  }
}

const set = administrator();
const admin = set.getDB("admin");
for (const { role, db, privileges } of roles) {
  const database = set.getDB(db);
  if (database.getRole(role)) database.updateRole(role, { privileges });
  else database.createRole({ role, privileges, roles: [] });
}
for (const { user, roles: own } of users) {
  const pwd = decodeURIComponent(new URL(secret(user, "mongodb-url").replace(/@[^/]*\//, "@host/")).password);
  if (admin.getUser(user)) admin.updateUser(user, { pwd, roles: own });
  else admin.createUser({ user, pwd, roles: own });
}
print(`${users.length} users of ${prefix}_*`);
