/** Somebody else is reading the log for an explanation: one at a time, for it is work. */
export class LogBusy extends Error {
  constructor() {
    super("The log is being read for another explanation.");
  }
}

/** Lets one at a time read the log in this process. */
export class LogReading {
  private busy = false;

  /** @throws LogBusy */
  async alone<T>(read: () => Promise<T>): Promise<T> {
    if (this.busy) throw new LogBusy();
    this.busy = true;
    try {
      return await read();
    } finally {
      this.busy = false;
    }
  }
}
