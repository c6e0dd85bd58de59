import { type Sink } from "../proxy/attempt";
import { responseHeaders } from "../proxy/headers";

/** Collects an answer whole. */
export class CollectSink implements Sink {
  private readonly chunks: Buffer[] = [];
  private done = false;
  status = 0;
  headers: readonly string[] = [];

  constructor(private readonly takes: (status: number) => boolean) {}

  head(status: number, raw: readonly Buffer[]): boolean {
    if (!this.takes(status)) return false;
    this.status = status;
    this.headers = responseHeaders(raw);
    return true;
  }

  data(chunk: Buffer): boolean {
    // The connection's buffer may be used again for the next piece.
    this.chunks.push(Buffer.from(chunk));
    return true;
  }

  /** The answer, once it is whole. */
  get body(): Buffer | undefined {
    if (!this.done) return undefined;
    const [only] = this.chunks;
    return this.chunks.length === 1 && only ? only : Buffer.concat(this.chunks);
  }

  end(): void {
    this.done = true;
  }

  onDrain(): void {
    // There is always room.
  }
  cut(): void {
    // What came so far is not looked at.
  }
  onGone(): void {
    // Others may want it too, so it is fetched to the end.
  }
}
