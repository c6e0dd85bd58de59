import { type Access } from "../core/access";
import { type Store } from "../core/store";
import { type Caller } from "../transport/call";

/** What every handler may use. */
export interface Context {
  readonly store: Store;
  readonly access: Access;
  /** Who sends these credentials; fails for those that do not hold. */
  readonly authenticate: (authorization: string | undefined) => Caller | undefined | Promise<Caller>;
  readonly maxAppendSize: number;
  readonly report: (line: string) => void;
}

/** EventStoreDB's own limit for one append. */
export const MAX_APPEND_SIZE = 1024 * 1024;
