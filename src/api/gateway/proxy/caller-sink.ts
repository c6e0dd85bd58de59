import { type ServerResponse } from "node:http";
import { type Sink } from "./attempt";
import { headerOf, responseHeaders } from "./headers";

/** A caller that takes nothing of its answer for so long, in ms, is let go. */
const STALLED = 60_000;

/** Sends an answer on to the caller as it comes. */
export class CallerSink implements Sink {
  private length: number | undefined;
  private received = 0;
  private held: Buffer | undefined;
  private open = false;
  private stall: NodeJS.Timeout | undefined;
  /** Headers that were passed on, as a flat list. */
  headers: readonly string[] = [];

  constructor(
    private readonly response: ServerResponse,
    private readonly extra: readonly string[],
    /** Whether an answer of this status is one to pass on. */
    private readonly takes: (status: number, headers: readonly Buffer[]) => boolean,
  ) {}

  head(status: number, raw: readonly Buffer[]): boolean {
    if (!this.takes(status, raw) || this.response.destroyed) return false;
    const headers = responseHeaders(raw);
    this.headers = headers;
    const length = headerOf(headers, "content-length");
    this.length = length === undefined ? undefined : Number(length);
    this.response.writeHead(status, this.extra.length === 0 ? headers : [...headers, ...this.extra]);
    this.open = true;
    // An answer without known length may be one that never ends: its head is wanted now.
    if (this.length === undefined) this.response.flushHeaders();
    return true;
  }

  data(chunk: Buffer): boolean {
    this.received += chunk.length;
    // The last piece goes with the end in one packet; most answers have only one.
    if (this.length !== undefined && this.received >= this.length) {
      this.held = chunk;
      return true;
    }
    return this.response.write(chunk);
  }

  onDrain(resume: () => void): void {
    this.stall = setTimeout(() => this.response.destroy(), STALLED).unref();
    this.response.once("drain", () => {
      clearTimeout(this.stall);
      resume();
    });
  }

  end(): void {
    this.open = false;
    if (this.held === undefined) this.response.end();
    else this.response.end(this.held);
  }

  /** The caller must not take a part for the whole. */
  cut(): void {
    this.open = false;
    clearTimeout(this.stall);
    this.response.destroy();
  }

  onGone(abort: () => void): void {
    this.response.once("close", () => {
      clearTimeout(this.stall);
      if (this.open || !this.response.writableEnded) abort();
    });
  }
}
