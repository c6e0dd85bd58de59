import { EventStoreDBClient } from "@eventstore/db-client";

/*
 * The clients of one address in a process share one TCP connection where their settings are equal. If that falls silent
 * while it is being made, before the server has said a word, nobody ends it: the gRPC library has no deadline for that
 * and sends no pings yet, and all calls of all clients wait for it. So whoever hears nothing gives it up: clients that are
 * made from then on have settings that differ by a millisecond, and get a connection of their own.
 */

/** By how many ms the settings of new clients differ from what is said. */
let apart = 0;
/** Of so many connections none can still be there when the first is made anew. */
const KEPT_APART = 1_000;

/**
 * What is known of a silent server: a ping is sent after so many ms, and one that is not answered within so many counts
 * as gone, and so do its connections. The client's own patience is twice as long. What the URL itself says stays.
 */
const PINGS = { keepAliveInterval: 10_000, keepAliveTimeout: 5_000 };
/** A call whose answer has not begun by then, in ms, is given up at the latest, and may have been heard by the server. */
const ANSWERED_WITHIN = 11_000;

/** No answer came to a call. */
export class NoAnswer extends Error {
  constructor(patience: number) {
    super(`no answer within ${patience} ms`);
    this.name = "NoAnswer";
  }
}

/** A client of the event store whose calls all end. */
export class Connection {
  readonly client: EventStoreDBClient;
  /** Nothing was heard where something had to be: another one is to be made. */
  isGivenUp = false;
  private readonly apart = apart;
  /** ms. */
  private readonly patience: number;
  private heardAt = -Infinity;
  private isDisposed = false;

  constructor(url: string) {
    const { keepAliveInterval, keepAliveTimeout } = PINGS;
    const interval = settingOf(url, "keepAliveInterval") ?? keepAliveInterval;
    const timeout = settingOf(url, "keepAliveTimeout") ?? keepAliveTimeout;
    // Negative: without pings.
    const pings = interval >= 0 && timeout >= 0;
    this.patience = pings ? Math.min(ANSWERED_WITHIN, interval + timeout) : ANSWERED_WITHIN;
    const own = timeout < 0 ? timeout : timeout + this.apart;
    this.client = EventStoreDBClient.connectionString(withSetting(url, "keepAliveTimeout", own));
  }

  /** What the call answers. @throws NoAnswer */
  async answer<T>(call: Promise<T>): Promise<T> {
    const began = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        if (this.heardAt < began) this.giveUp();
        reject(new NoAnswer(this.patience));
      }, this.patience);
    });
    const settled = call.finally(() => (this.heardAt = performance.now()));
    try {
      return await Promise.race([settled, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * What a read brings; only its beginning has a deadline, since pings watch over what has begun.
   * @throws NoAnswer; also where the client is disposed of meanwhile, which itself would end as if that were all
   */
  async *answers<T>(read: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = read[Symbol.asyncIterator]();
    const first = iterator.next();
    let next = await this.answer(first).catch((error: unknown) => {
      // Should it come after all, nobody reads on.
      void first.then(() => iterator.return?.()).catch(() => undefined);
      throw error;
    });
    try {
      for (; !next.done; next = await iterator.next()) yield next.value;
      if (this.isDisposed) throw new NoAnswer(this.patience);
    } finally {
      if (!next.done) await iterator.return?.();
    }
  }

  /** All that is under way fails. */
  async dispose(): Promise<void> {
    this.isDisposed = true;
    await this.client.dispose();
  }

  private giveUp(): void {
    this.isGivenUp = true;
    // Unless somebody has found out before.
    if (this.apart === apart) apart = (apart + 1) % KEPT_APART;
  }
}

/** Names are written as one likes. */
const setting = (name: string): RegExp => new RegExp(`([?&]${name}=)(-?\\d+)`, "i");

function settingOf(url: string, name: string): number | undefined {
  const [, , value] = setting(name).exec(url) ?? [];
  return value === undefined ? undefined : Number(value);
}

const withSetting = (url: string, name: string, value: number): string =>
  setting(name).test(url)
    ? url.replace(setting(name), `$1${value}`)
    : `${url}${url.includes("?") ? "&" : "?"}${name}=${value}`;
