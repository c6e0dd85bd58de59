import { type Access } from "../core/access";
import { type Store } from "../core/store";

/** What every handler may use. */
export interface Context {
  readonly store: Store;
  readonly access: Access;
  readonly maxAppendSize: number;
  readonly report: (line: string) => void;
}

/** EventStoreDB's own limit for one append. */
export const MAX_APPEND_SIZE = 1024 * 1024;
