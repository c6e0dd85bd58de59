/* global Mongo, URL, print, sleep */
/* eslint-disable @typescript-eslint/no-require-imports -- mongosh has no other */

/*
 * The users of Millrace's databases, for mongosh. Each process logs in as one of its own:
 *
 * - `work-<context>` writes its own context's database and opens no other's; it reads `operations`, and registers itself
 *   there.
 * - `serve-<touchpoint>` reads, and writes `operations`: answers to repeated commands, API keys, its registration.
 * - `gateway` reads where instances registered, registers itself, and counts requests for shared limits.
 * - `prepare` writes all of them.
 * - Those who show or act on personal data have the keys of people too: `serve-storefront`, `serve-backoffice`,
 *   `serve-analytics`, `work-ordering`, `work-payment`, `work-privacy`. Workers of read models do not.
 *
 * SECRETS       a folder with <user>/mongodb-url for each, and mongodb/admin-password
 * MONGODB_MEMBERS  the replica set's members; it is started when it is not yet
 * MONGODB_PREFIX   as the services have it
 *
 * May be run again: users are brought to what this says.
 */
const { readFileSync } = require("fs");

const { SECRETS: folder, MONGODB_MEMBERS: members, MONGODB_PREFIX: prefix = "millrace" } = process.env;
const [first] = members.split(",");
const contexts = [
  "reference",
  "catalog",
  "pricing",
  "inventory",
  "cart",
  "ordering",
  "payment",
  "storefront",
  "privacy",
  "analytics",
];
const touchpoints = ["storefront", "backoffice", "reference", "analytics", "operations"];

const read = (...names) => names.map((name) => ({ role: "read", db: `${prefix}_${name}` }));
const write = (...names) => names.map((name) => ({ role: "readWrite", db: `${prefix}_${name}` }));
const withKeys = [
  "serve-storefront",
  "serve-backoffice",
  "serve-analytics",
  "work-ordering",
  "work-payment",
  "work-privacy",
];
const keys = (user) => (withKeys.includes(user) ? write("keys") : []);
// To write one collection of `operations`, and no more.
const operations = `${prefix}_operations`;
const collections = { register: "instances", "count-requests": "counts", "ask-workers": "work_requests" };
const mayWrite = (role) => ({ role, db: operations });
const privileges = (collection) => [
  {
    resource: { db: operations, collection },
    actions: ["find", "insert", "update", "remove", "createCollection", "createIndex"],
  },
];
const users = {
  prepare: write(...contexts, "operations", "keys"),
  gateway: [...read("operations"), mayWrite("register"), mayWrite("count-requests")],
  ...Object.fromEntries(
    touchpoints.map((touchpoint) => [
      `serve-${touchpoint}`,
      [...read(...contexts), ...write("operations"), ...keys(`serve-${touchpoint}`)],
    ]),
  ),
  ...Object.fromEntries(
    contexts.map((context) => [
      `work-${context}`,
      [
        ...write(context),
        ...read("operations"),
        // What was answered to a person is forgotten with them.
        ...(context === "privacy" ? write("operations") : []),
        ...keys(`work-${context}`),
        mayWrite("register"),
        mayWrite("ask-workers"),
      ],
    ]),
  ),
};

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
const database = set.getDB(operations);
for (const [role, collection] of Object.entries(collections))
  if (database.getRole(role)) database.updateRole(role, { privileges: privileges(collection) });
  else database.createRole({ role, privileges: privileges(collection), roles: [] });
for (const [user, roles] of Object.entries(users)) {
  const pwd = decodeURIComponent(new URL(secret(user, "mongodb-url").replace(/@[^/]*\//, "@host/")).password);
  if (admin.getUser(user)) admin.updateUser(user, { pwd, roles });
  else admin.createUser({ user, pwd, roles });
}
print(`${Object.keys(users).length} users of ${prefix}_*`);
