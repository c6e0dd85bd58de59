import { randomBytes } from "node:crypto";
import { type MongoStores } from "../infra/mongo";

const CONTEXT = "operations";

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
