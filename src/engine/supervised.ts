import { backoff, pause } from "../infra/runtime";

/** A server that runs as a child process. */
export interface ChildServer {
  readonly url: string;
  readonly port: number;
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
}

export interface Supervised {
  readonly url: string;
  /** Rejects when the server keeps ending by itself. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** A server that ends by itself this often within a minute is given up. */
const MAX_RESTARTS = 5;
const MINUTE = 60_000;
/** Before a server that ended is started again, in ms. */
const GRACE = 100;

/**
 * Keeps a server running: one that ends by itself, or is killed, is started again on the same port, where its clients
 * find it again.
 * @throws when the first start fails
 */
export async function supervise(
  name: string,
  start: (port: number | undefined) => Promise<ChildServer>,
  log: (line: string) => void,
): Promise<Supervised> {
  let running = await start(undefined);
  const { url, port } = running;
  const stopping = new AbortController();
  let reject: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, no) => (reject = no));
  failed.catch(() => undefined);

  const watch = async () => {
    let restarts: number[] = [];
    for (;;) {
      await running.exited;
      if (stopping.signal.aborted) return;
      restarts = [...restarts.filter((at) => Date.now() - at < MINUTE), Date.now()];
      if (restarts.length > MAX_RESTARTS)
        return reject(new Error(`the ${name} ended by itself ${restarts.length} times within a minute`));
      // Where all processes are told to stop at once, the server may be a moment ahead of this one.
      await pause(GRACE, stopping.signal);
      if (stopping.signal.aborted) return;
      log(`the ${name} ended by itself; starting it again`);
      for (let attempt = 0; !stopping.signal.aborted; attempt++) {
        try {
          running = await start(port);
          if (stopping.signal.aborted) return running.stop();
          break;
        } catch (error) {
          if (attempt >= MAX_RESTARTS) return reject(error instanceof Error ? error : new Error(String(error)));
          await pause(backoff(attempt, 100), stopping.signal);
        }
      }
    }
  };
  const watching = watch();
  return {
    url,
    failed,
    async stop() {
      stopping.abort();
      await Promise.all([running.stop(), watching]);
    },
  };
}
