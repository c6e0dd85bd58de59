import { bringUpStores } from "../engine/bundled-stores";
import { developmentKey } from "../engine/development-key";
import { setUpShop } from "../engine/set-up";
import { CONTEXTS, startShop } from "../engine/shop";
import { welcome } from "../engine/welcome";
import { settings } from "../infra/config";
import { createLogger } from "../infra/observability";
import { oidcOf, tlsOf } from "./access";
import { type Flags } from "./flags";
import { lockDataFolder, removeRunRecord, writeRunRecord } from "./data-folder";
import { masterKeysFor } from "./master-keys";
import { untilStopped } from "./process";
import { registeringAs } from "./registering";
import { tracingOf } from "./tracing";

/** `millrace start`: everything in this process, with stores of its own where none are given. */
export async function start(flags: Flags): Promise<void> {
  const begun = Date.now();
  const chosen = settings(process.env, flags);
  const { dataDir, adminApiKey, mongodbPrefix } = chosen;
  const log = createLogger({ level: chosen.logLevel });
  const unlock = lockDataFolder(dataDir);
  const tracing = tracingOf("start", chosen);
  const stopped = untilStopped();
  try {
    const stores = await bringUpStores({ ...chosen, log: (line) => log.info(line) });
    try {
      let key = adminApiKey;
      const shop = await startShop({
        ...chosen,
        ...stores,
        mongoPrefix: mongodbPrefix,
        mongoUrls: { operations: chosen.mongodbUrlOperations, keys: chosen.mongodbUrlKeys },
        masterKeys: masterKeysFor(chosen, (line) => log.info(line)),
        adminKey: adminApiKey,
        oidc: oidcOf(chosen),
        tls: tlsOf(chosen, log),
        log,
        work: "all",
        serve: CONTEXTS,
        registering: registeringAs("start", chosen),
        async beforeOpening(shop) {
          key ??= await developmentKey(dataDir, shop.keys);
          await setUpShop(shop, { seed: flags["seed"] !== false });
        },
      });
      try {
        const { eventstoreUrl, mongoUrl } = stores;
        writeRunRecord(dataDir, {
          pid: process.pid,
          url: shop.url,
          eventstoreUrl,
          mongoUrl,
          mongoPrefix: mongodbPrefix,
        });
        process.stdout.write(
          welcome({
            url: shop.url,
            ...(adminApiKey === undefined && key !== undefined && { developmentKey: key }),
            milliseconds: Date.now() - begun,
          }),
        );
        await Promise.race([stopped, stores.failed]);
      } finally {
        removeRunRecord(dataDir);
        await shop.stop();
        await tracing?.stop();
      }
    } finally {
      await stores.stop();
    }
  } finally {
    unlock();
  }
}
