import { setUpShop } from "../../src/engine/set-up";
import { startShop, CONTEXTS, type Shop, type ShopOptions } from "../../src/engine/shop";
import { collectedLog } from "./collected-logs";
import { behindGateway, behindTheGateway } from "./gateway";
import { Caller } from "./http";
import { TEST_MASTER_KEYS } from "./master-keys";
import { SHOPPER_SECRET } from "./planted";
import { startStores, type TestStores, uniquePrefix } from "./stores";

/** A whole shop in this process, on stores of its own, behind a real port. */
export interface TestShop extends Shop {
  /** Calls with the rights of an admin. */
  readonly admin: Caller;
  /** Calls as nobody in particular. */
  readonly anyone: Caller;
  /** With what it was started, so that another process of the same shop can be. */
  readonly options: ShopOptions;
  /** Ends the engine and starts another on the same stores; the address changes. */
  restart(): Promise<TestShop>;
}

export interface TestShopOptions extends Partial<Omit<ShopOptions, "eventstoreUrl" | "mongoUrl">> {
  /** Whether it has the demo articles; not when absent. Reference data it has always. */
  readonly seed?: boolean;
}

export const ADMIN_KEY = "mk_test-admin-key-0123456789";

/** What every process of a shop in tests has in common. */
export const shopOn = (
  { eventstoreUrl, mongoUrl }: Pick<TestStores, "eventstoreUrl" | "mongoUrl">,
  mongoPrefix: string,
) => ({
  eventstoreUrl,
  mongoUrl,
  mongoPrefix,
  ownMongo: true,
  host: "127.0.0.1",
  port: 0,
  log: collectedLog(),
  currency: "GBP",
  paymentTimeout: 60,
  adminKey: ADMIN_KEY,
  masterKeys: TEST_MASTER_KEYS,
});

/** Call it in `beforeAll`, `stop` in `afterAll`. */
export async function startTestShop({ seed = false, ...options }: TestShopOptions = {}): Promise<TestShop> {
  const stores = await startStores();
  const mongoPrefix = uniquePrefix();
  const open = async (): Promise<TestShop> => {
    const whole: ShopOptions = {
      ...shopOn(stores, mongoPrefix),
      work: "all",
      serve: CONTEXTS,
      shopperSecret: SHOPPER_SECRET,
      async beforeOpening(shop) {
        await setUpShop(shop, { seed });
      },
      ...options,
    };
    const first = await startShop(whole);
    const behind = whole.serve.length > 0 ? behindTheGateway() : "nothing";
    const shop = behind === "nothing" ? first : await behindGateway(first, whole, behind);
    const anyone = new Caller(shop.url);
    const admin = anyone.with({ "X-API-Key": ADMIN_KEY });
    return {
      ...shop,
      options: whole,
      anyone,
      admin,
      async restart() {
        await anyone.close();
        await shop.stop();
        return open();
      },
      async stop() {
        await anyone.close();
        await shop.stop();
        await stores.stop();
      },
    };
  };
  return open();
}
