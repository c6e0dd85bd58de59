import { type ApiKeyDesk, type ApiKeyState, type NewApiKey } from "../api/operations";
import { isDuplicateKey, type MongoStores } from "../infra/mongo";
import { newId } from "../infra/runtime";
import { type ApiKeyStore, hashApiKey, newApiKey, type Role, type Scope, type StoredKey } from "../infra/security";

export { type ApiKeyState, KEY_NAME, KEY_ROLES, stateOfKey } from "../api/operations";

interface KeyDocument {
  /** SHA-256 of the key. */
  readonly _id: string;
  /** By which it is spoken of; those of the first shops have none until they are listed. */
  readonly id?: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly scopes?: readonly Scope[];
  readonly createdAt: Date;
  readonly createdBy?: string;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  readonly revokedBy?: string;
}

/** When a key was last used. Apart from the keys, which nobody but their keeper may change. */
interface UseDocument {
  /** As of the key. */
  readonly _id: string;
  readonly lastUsedAt: Date;
}

/** More than a shop has. */
const LISTED = 1_000;

/** API keys in MongoDB, under the hash of the key. */
export class MongoApiKeys implements ApiKeyStore, ApiKeyDesk {
  constructor(private readonly stores: MongoStores) {}

  async find(hash: string): Promise<StoredKey | undefined> {
    const found = await this.keys().findOne({ _id: hash });
    if (!found) return undefined;
    const { name, roles, scopes, expiresAt, revokedAt } = found;
    return { principal: { name, roles, ...(scopes && { scopes }) }, expiresAt, revokedAt };
  }

  async used(uses: ReadonlyMap<string, Date>): Promise<void> {
    await this.uses().bulkWrite(
      [...uses].map(([_id, lastUsedAt]) => ({
        updateOne: { filter: { _id }, update: { $max: { lastUsedAt } }, upsert: true },
      })),
      { ordered: false },
    );
  }

  /** Lets a key of the settings in; an existing one gets the given name and roles. One that was revoked stays so. */
  async put(key: string, name: string, roles: readonly Role[]): Promise<void> {
    await this.keys().updateOne(
      { _id: hashApiKey(key) },
      { $set: { name, roles }, $setOnInsert: { id: newId(), createdAt: new Date(), createdBy: "settings" } },
      { upsert: true },
    );
  }

  /** Makes a key and answers it; it is not kept and cannot be shown again. */
  async create(name: string, roles: readonly Role[]): Promise<string> {
    const made = await this.make({ id: newId(), name, roles, scopes: undefined, expiresAt: undefined, by: "settings" });
    if (!made) throw new Error("two keys cannot have one id");
    return made.key;
  }

  async make({ id, name, roles, scopes, expiresAt, by }: NewApiKey): ReturnType<ApiKeyDesk["make"]> {
    const { key, hash } = newApiKey();
    await this.keys().createIndex({ id: 1 }, { unique: true, partialFilterExpression: { id: { $exists: true } } });
    const made: KeyDocument = {
      _id: hash,
      id,
      name,
      roles,
      ...(scopes && { scopes }),
      createdAt: new Date(),
      createdBy: by,
      ...(expiresAt && { expiresAt }),
    };
    try {
      await this.keys().insertOne(made);
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
    return { key, made: stateOf(made, undefined) };
  }

  async list(): Promise<readonly ApiKeyState[]> {
    await this.nameAll();
    return this.states(await this.keys().find().sort({ createdAt: -1 }).limit(LISTED).toArray());
  }

  async get(id: string): Promise<ApiKeyState | undefined> {
    const found = await this.keys().findOne({ id });
    const [state] = await this.states(found ? [found] : []);
    return state;
  }

  async revoke(id: string, by: string): Promise<ApiKeyState | undefined> {
    await this.keys().updateOne(
      { id, revokedAt: { $exists: false } },
      { $set: { revokedAt: new Date(), revokedBy: by } },
    );
    return this.get(id);
  }

  /** Gives ids to the keys that have none. */
  private async nameAll(): Promise<void> {
    for (const { _id } of await this.keys()
      .find({ id: { $exists: false } })
      .toArray())
      await this.keys().updateOne({ _id, id: { $exists: false } }, { $set: { id: newId() } });
  }

  private async states(keys: readonly KeyDocument[]): Promise<readonly ApiKeyState[]> {
    const uses = await this.uses()
      .find({ _id: { $in: keys.map(({ _id }) => _id) } })
      .toArray();
    const lastUses = new Map(uses.map(({ _id, lastUsedAt }) => [_id, lastUsedAt]));
    return keys.map((key) => stateOf(key, lastUses.get(key._id)));
  }

  private keys() {
    return this.stores.collection<KeyDocument>("operations", "api_keys");
  }

  private uses() {
    return this.stores.collection<UseDocument>("operations", "api_key_uses");
  }
}

/** The key of the settings, and the shop's where they can be seen. */
export function withAdmin(key: string | undefined, shop: ApiKeyStore | undefined): ApiKeyStore {
  const known = key === undefined ? undefined : hashApiKey(key);
  const admin: StoredKey = { principal: { name: "admin", roles: ["admin"] } };
  return {
    async find(hash) {
      if (hash !== known) return shop?.find(hash);
      // One that was revoked is so here too; but whoever looks for what is wrong may find the database away.
      return (await shop?.find(hash).catch(() => undefined)) ?? admin;
    },
    ...(shop?.used && { used: (uses: ReadonlyMap<string, Date>) => shop.used?.(uses) ?? Promise.resolve() }),
  };
}

const stateOf = (key: KeyDocument, lastUsedAt: Date | undefined): ApiKeyState => ({
  id: key.id ?? "",
  name: key.name,
  roles: key.roles,
  scopes: key.scopes,
  createdAt: key.createdAt,
  createdBy: key.createdBy,
  expiresAt: key.expiresAt,
  lastUsedAt,
  revokedAt: key.revokedAt,
  revokedBy: key.revokedBy,
});
