import { type Readable } from "node:stream";
import { type Dispatcher } from "undici";
import { type Instance } from "../fleet/instance";
import { type Failure } from "../resilience/retry";

/** What one instance is asked. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer | Readable | undefined;
  /** Until the answer begins, in ms. */
  readonly time: number;
  /** The answer goes on until the caller leaves. */
  readonly endless: boolean;
}

/** Where an answer goes. */
export interface Sink {
  /** The answer begins. `false`: not this one; the rest of it is thrown away. */
  head(status: number, headers: readonly Buffer[]): boolean;
  /** `false`: no more until `onDrain`. */
  data(chunk: Buffer): boolean;
  /** Called once when there is room again. */
  onDrain(resume: () => void): void;
  end(): void;
  /** It broke off in the middle. */
  cut(error: Error): void;
  /** Calls back when nobody wants the answer any more. */
  onGone(abort: () => void): void;
}

/** How an attempt ended. */
export type Ended =
  /** The answer was passed on whole, or as far as it came. */
  | { readonly kind: "answered"; readonly status: number; readonly whole: boolean; readonly took: number }
  /** Nothing was passed on. */
  | { readonly kind: "failed"; readonly failure: Failure; readonly error: Error; readonly status?: number }
  /** The caller went away. */
  | { readonly kind: "gone" };

class Late extends Error {
  override readonly name = "Late";
}
class Gone extends Error {
  override readonly name = "Gone";
}

/** Bytes that are read of an answer that is not wanted, to keep the connection. */
const READ_OUT = 64 * 1024;

/** Asks one instance. Never rejects. */
export function attempt(instance: Instance, asked: Asked, sink: Sink): Promise<Ended> {
  return new Promise((resolve) => {
    const handler = new AttemptHandler(asked, sink, resolve);
    const options: Dispatcher.DispatchOptions = {
      method: asked.method,
      path: asked.path,
      headers: [...asked.headers, ...instance.signature],
      ...(asked.body !== undefined && { body: asked.body }),
      // Each connection has one request at a time, so that a slow one holds up no other.
      blocking: true,
    };
    try {
      (asked.endless ? instance.endless : instance.pool).dispatch(options, handler);
    } catch (error) {
      handler.onResponseError(undefined, error as Error);
    }
  });
}

class AttemptHandler implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private ended = false;
  private passing = false;
  private refused = 0;
  private status = 0;
  private readonly began = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor(
    asked: Asked,
    private readonly sink: Sink,
    private readonly resolve: (ended: Ended) => void,
  ) {
    this.timer = setTimeout(() => this.abort(new Late("no answer in time")), asked.time);
    sink.onGone(() => this.abort(new Gone("the caller went away")));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.ended) controller.abort(new Gone("it took too long to get a connection"));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    clearTimeout(this.timer);
    this.status = status;
    this.passing = this.sink.head(status, controller.rawHeaders as Buffer[]);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.passing) {
      this.refused += chunk.length;
      if (this.refused > READ_OUT) controller.abort(new Error("not wanted"));
      return;
    }
    if (this.sink.data(chunk)) return;
    controller.pause();
    this.sink.onDrain(() => controller.resume());
  }

  onResponseEnd(): void {
    if (!this.passing) return this.fail({ kind: "status" }, new Error(`answered ${this.status}`));
    this.sink.end();
    this.finish({ kind: "answered", status: this.status, whole: true, took: performance.now() - this.began });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.passing) {
      this.sink.cut(error);
      if (error instanceof Gone) return this.finish({ kind: "gone" });
      return this.finish({ kind: "answered", status: this.status, whole: false, took: performance.now() - this.began });
    }
    if (error instanceof Gone) return this.finish({ kind: "gone" });
    if (error instanceof Late) return this.fail({ kind: "late" }, error);
    if (this.status !== 0) return this.fail({ kind: "status" }, error);
    this.fail({ kind: this.controller === undefined ? "unreachable" : "broken" }, error);
  }

  /** Ends it from outside. A request that has no connection yet is let go when it gets one. */
  private abort(reason: Error): void {
    if (this.ended) return;
    if (this.controller !== undefined) return this.controller.abort(reason);
    this.onResponseError(undefined, reason);
  }

  private fail(failure: Failure, error: Error): void {
    this.finish({ kind: "failed", failure, error, ...(this.status !== 0 && { status: this.status }) });
  }

  private finish(ended: Ended): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.resolve(ended);
  }
}
