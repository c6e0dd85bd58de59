import { settings } from "../infra/config";
import { MongoStores } from "../infra/mongo";
import { People } from "../infra/privacy";
import { count } from "../tools/table";
import { readRunRecord } from "./data-folder";
import { type Flags } from "./flags";
import { masterKeysNeeded } from "./master-keys";

/** `millrace rewrap`: wraps the keys of all people by the present master key. The shop may be open. */
export async function rewrap(flags: Flags): Promise<void> {
  const chosen = settings(process.env, flags);
  const masterKeys = masterKeysNeeded(chosen, "rewrap");
  const url = chosen.mongodbUrlKeys ?? chosen.mongodbUrl ?? readRunRecord(chosen.dataDir)?.mongoUrl;
  if (url === undefined) throw new Error("Name the database with MONGODB_URL (--mongodb), or run millrace start.");
  const stores = await MongoStores.connect({ url, prefix: chosen.mongodbPrefix });
  try {
    const wrapped = await (await People.open(stores, masterKeys)).rewrap();
    process.stdout.write(
      `${count(wrapped)} keys were wrapped anew; all are wrapped by ${masterKeys.current.id} now.\n`,
    );
  } finally {
    await stores.close();
  }
}
