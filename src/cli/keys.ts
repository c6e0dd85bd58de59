import { type Done, recordDone } from "../engine/audit-trail";
import { type ApiKeyState, KEY_NAME, KEY_ROLES, MongoApiKeys, stateOfKey } from "../engine/api-keys";
import { settings, type Settings } from "../infra/config";
import { MongoStores } from "../infra/mongo";
import { newId } from "../infra/runtime";
import { SCOPES } from "../infra/security";
import { table } from "../tools/table";
import { readRunRecord } from "./data-folder";
import { type Flags } from "./flags";

/** Who made or revoked a key that was made or revoked here. */
const BY = "command-line";
/** What would have made or revoked it over HTTP. */
const ROUTE = "/operations/v1/api-keys";

/** `millrace keys create NAME --role ROLE…`: makes a key and shows it once. */
export async function createKey(name: string, flags: Flags): Promise<void> {
  if (!KEY_NAME.test(name))
    throw new Error(`The name cannot be ${name}: 1 to 64 letters, digits and - _ . beginning with a letter or digit.`);
  const roles = chosenOf("--role", flags["role"], KEY_ROLES) ?? [];
  const scopes = chosenOf("--scope", flags["scope"], SCOPES);
  const expiresAt = expiryOf(flags["expires"], Date.now());
  const log = logOf(flags);
  const outcome = await withKeys(flags, (keys) => keys.make({ id: newId(), name, roles, scopes, expiresAt, by: BY }));
  if (!outcome) throw new Error("No key was made: one of this id is there.");
  const { key, made } = outcome;
  print(flags, { ...made, key }, () =>
    [
      `${key}\n`,
      `This is the key of ${name} (${may(made)}). It is kept nowhere and cannot be shown again.`,
      `Its id is ${made.id}; it works until ${expiresAt ? expiresAt.toISOString() : "it is revoked"}.\n`,
    ].join("\n"),
  );
  await recorded(log, {
    method: "POST",
    route: ROUTE,
    operation: "createApiKey",
    ids: {},
    made: `${ROUTE}/${made.id}`,
  });
}

/** `millrace keys list`. */
export async function listKeys(flags: Flags): Promise<void> {
  const now = new Date();
  const all = await withKeys(flags, (keys) => keys.list());
  const shown = flags["all"] === true ? all : all.filter((key) => stateOfKey(key, now) === "active");
  print(
    flags,
    shown.map((key) => ({ ...key, state: stateOfKey(key, now) })),
    () =>
      shown.length === 0
        ? "There is no API key that works.\n"
        : table(
            ["name", "may", "state", "created", "expires", "last used", "id"],
            shown.map((key) => [
              key.name,
              may(key),
              stateOfKey(key, now),
              minute(key.createdAt),
              minute(key.expiresAt),
              minute(key.lastUsedAt),
              key.id,
            ]),
            new Set(),
          ),
  );
}

/** `millrace keys revoke ID`. */
export async function revokeKey(id: string, flags: Flags): Promise<void> {
  const log = logOf(flags);
  const revoked = await withKeys(flags, (keys) => keys.revoke(id, BY));
  if (!revoked) throw new Error(`There is no API key ${id}: millrace keys list --all shows them.`);
  print(flags, revoked, () => `The key of ${revoked.name} is revoked: in a few seconds it works nowhere.\n`);
  await recorded(log, { method: "DELETE", route: `${ROUTE}/:id`, operation: "revokeApiKey", ids: { id }, made: null });
}

/**
 * Until when a key is to work: `90d`, `12h`, or a date.
 * @throws naming the flag when it is none of these, or not in the future
 */
export function expiryOf(text: unknown, now: number): Date | undefined {
  if (text === undefined) return undefined;
  const given = String(text);
  const [, amount, unit] = /^(\d{1,5})([dh])$/.exec(given) ?? [];
  const isDate = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(given);
  const at =
    amount !== undefined
      ? now + Number(amount) * (unit === "d" ? 86_400_000 : 3_600_000)
      : isDate
        ? Date.parse(given)
        : NaN;
  if (Number.isNaN(at)) throw new Error(`--expires must be such as 90d, 12h or 2030-01-31, not ${given}.`);
  if (at <= now) throw new Error(`--expires must be in the future, which ${given} is not.`);
  return new Date(at);
}

/** @throws naming the flag and what it may be */
function chosenOf<Value extends string>(flag: string, given: unknown, values: readonly Value[]): Value[] | undefined {
  if (given === undefined) return undefined;
  const named: readonly unknown[] = Array.isArray(given) ? given : [given];
  return [...new Set(named)].map((name) => {
    const value = values.find((each) => each === name);
    if (value === undefined) throw new Error(`${flag} cannot be ${String(name)}: it can be ${values.join(", ")}.`);
    return value;
  });
}

const may = ({ roles, scopes }: ApiKeyState): string =>
  roles.join(" ") + (scopes && !scopes.includes("write") ? ", reading only" : "");

const minute = (at: Date | undefined): string => at?.toISOString().slice(0, 16).replace("T", " ") ?? "–";

const print = (flags: Flags, value: object, text: () => string): void =>
  void process.stdout.write(flags["json"] === true ? `${JSON.stringify(value, null, 2)}\n` : text());

async function withKeys<T>(flags: Flags, run: (keys: MongoApiKeys) => Promise<T>): Promise<T> {
  const chosen = settings(process.env, flags);
  const stores = await MongoStores.connect(databaseOf(chosen));
  try {
    return await run(new MongoApiKeys(stores));
  } finally {
    await stores.close();
  }
}

/** The audit trail is told of what was done; it is done also where the log is away. */
async function recorded(eventstoreUrl: string, done: Omit<Done, "actor">): Promise<void> {
  const failure = await recordDone(eventstoreUrl, { ...done, actor: BY });
  if (failure === undefined) return;
  const why = failure instanceof Error ? failure.message : String(failure);
  process.stderr.write(`millrace: This is done, but not in the audit trail: ${why}\n`);
}

/** @throws before anything is done, where the log is not known that the audit trail is in */
function logOf(flags: Flags): string {
  const { eventstoreUrl, dataDir } = settings(process.env, flags);
  const url = eventstoreUrl ?? readRunRecord(dataDir)?.eventstoreUrl;
  if (url !== undefined) return url;
  throw new Error(
    "Name the log with EVENTSTORE_URL (--eventstore), where the audit trail is told who makes and revokes keys, " +
      `or run millrace start: nothing runs on ${dataDir}.`,
  );
}

function databaseOf({ mongodbUrl, mongodbPrefix, dataDir }: Settings) {
  if (mongodbUrl !== undefined) return { url: mongodbUrl, prefix: mongodbPrefix };
  const running = readRunRecord(dataDir);
  if (running !== undefined) return { url: running.mongoUrl, prefix: running.mongoPrefix };
  throw new Error(`Name the database with MONGODB_URL (--mongodb), or run millrace start: nothing runs on ${dataDir}.`);
}
