/** The data folder cannot be used; the message is one sentence for whoever started the server. */
export class DataFolderError extends Error {
  override readonly name = "DataFolderError";
}

/** The log holds something else than what was written to it. */
export class DamagedLogError extends DataFolderError {
  constructor(what: string) {
    super(`The event log is damaged: ${what} It was not changed; restore the data folder from a backup.`);
  }
}
