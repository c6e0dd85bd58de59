import { randomBytes } from "node:crypto";
import { hashApiKey, newApiKey, type ApiKeyStore, type Principal, type Role } from "../infra/security";
import { type MongoStores } from "../infra/mongo";

const CONTEXT = "operations";

interface KeyDocument extends Principal {
  /** SHA-256 of the key. */
  readonly _id: string;
  readonly createdAt: Date;
}

/** API keys in MongoDB, under the hash of the key. */
export class MongoApiKeys implements ApiKeyStore {
  constructor(private readonly stores: MongoStores) {}

  async find(hash: string): Promise<Principal | undefined> {
    const found = await this.keys().findOne({ _id: hash });
    return found ? { name: found.name, roles: found.roles } : undefined;
  }

  /** Lets the key in; an existing one gets the given name and roles. */
  async put(key: string, name: string, roles: readonly Role[]): Promise<void> {
    await this.keys().updateOne(
      { _id: hashApiKey(key) },
      { $set: { name, roles }, $setOnInsert: { createdAt: new Date() } },
      { upsert: true },
    );
  }

  /** Makes a key and answers it; it is not kept and cannot be shown again. */
  async create(name: string, roles: readonly Role[]): Promise<string> {
    const { key } = newApiKey();
    await this.put(key, name, roles);
    return key;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.keys().countDocuments({}, { limit: 1 })) === 0;
  }

  private keys() {
    return this.stores.collection<KeyDocument>(CONTEXT, "api_keys");
  }
}

/** The secret that signs shoppers' tokens: made once, the same for every process of the shop. */
export async function shopperSecret(stores: MongoStores): Promise<string> {
  const settings = stores.collection<{ _id: string; secret: string }>(CONTEXT, "settings");
  const kept = await settings.findOneAndUpdate(
    { _id: "shopper-secret" },
    { $setOnInsert: { secret: randomBytes(32).toString("base64url") } },
    { upsert: true, returnDocument: "after", writeConcern: { w: "majority" } },
  );
  if (!kept) throw new Error("the shopper secret could not be kept");
  return kept.secret;
}
