import { type Settings } from "../infra/config";
import { readRunRecord } from "./data-folder";

export interface GivenStores {
  readonly eventstoreUrl: string;
  readonly mongoUrl: string;
  /** Of the databases that have a login of their own. */
  readonly mongoUrls: { readonly operations: string | undefined; readonly keys: string | undefined };
  /** MongoDB is the single node that `start` has brought up. */
  readonly ownMongo: boolean;
}

/**
 * The stores for a part that runs as a process of its own: those that are named, else those of the engine that runs on
 * the data folder.
 * @throws when there are none
 */
export function givenStores(chosen: Settings): GivenStores {
  const { eventstoreUrl, mongodbUrl, mongodbUrlOperations: operations, mongodbUrlKeys: keys, dataDir } = chosen;
  const running = readRunRecord(dataDir);
  const eventstore = eventstoreUrl ?? running?.eventstoreUrl;
  const mongo = mongodbUrl ?? running?.mongoUrl;
  if (eventstore === undefined || mongo === undefined)
    throw new Error(
      "Name the stores with EVENTSTORE_URL and MONGODB_URL (--eventstore, --mongodb), " +
        `or run millrace start on the data folder ${dataDir}: it brings its own.`,
    );
  return {
    eventstoreUrl: eventstore,
    mongoUrl: mongo,
    mongoUrls: { operations, keys },
    ownMongo: mongodbUrl === undefined,
  };
}
