export interface EventStoreOptions {
  /** Default 127.0.0.1. Anything else asks for `tls` (or `insecure`). */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  /** Folder of the data; made where it does not exist. Absent with `memory`. */
  readonly data?: string;
  /** Keep nothing on disk. */
  readonly memory?: boolean;
  /** Default true. Without it an acknowledged append may be lost when the machine (not the process) fails. */
  readonly fsync?: boolean;
  /** Keep `$ce-`, `$et-`, `$streams` and the other streams of the standard projections. */
  readonly systemProjections?: boolean;
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Listen without TLS and authentication where others can reach it. */
  readonly insecure?: boolean;
  /** Ask for user name and password. Default: only with `tls`. */
  readonly auth?: boolean;
  /** Password of the user `admin` when the data folder is new; default `changeit`, as the real node has it. */
  readonly adminPassword?: string;
  /** Called when an operator's Shutdown has ended the server. */
  readonly onShutdown?: () => void;
  readonly log?: (line: string) => void;
}

export interface RunningEventStore {
  readonly port: number;
  /** For the official clients. */
  readonly url: string;
  /** Finishes what is being written, then closes. */
  stop(): Promise<void>;
}
