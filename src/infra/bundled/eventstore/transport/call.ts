import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { gunzipSync } from "node:zlib";
import { asGrpcError, CODE, GrpcError } from "./status";

/** Who calls. `undefined` where the server does not ask. */
export interface Caller {
  readonly name: string;
  readonly groups: readonly string[];
}

const LARGEST_MESSAGE = 64 * 1024 * 1024;

/**
 * One gRPC call over one HTTP/2 stream. Messages come and go as bytes; what is written must already carry the
 * five-byte gRPC prefix, so that many messages can go out as one piece.
 */
export class Call {
  /** Gone: cancelled by the client, cut off, ended or failed. */
  closed = false;
  caller: Caller | undefined;
  private onMessage: ((message: Buffer) => void) | undefined;
  private onEnd: (() => void) | undefined;
  private readonly onClose: (() => void)[] = [];
  private rest: Buffer | undefined;
  private restSize = 0;
  private restParts: Buffer[] = [];
  private responded = false;
  private finished = false;
  private deadline: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: ServerHttp2Stream,
    readonly headers: IncomingHttpHeaders,
    readonly peer: string,
  ) {
    stream.on("error", () => undefined);
    stream.on("close", () => this.close());
    const timeout = parseTimeout(headers["grpc-timeout"]);
    if (timeout !== undefined) {
      this.deadline = setTimeout(() => this.fail(new GrpcError(CODE.DEADLINE_EXCEEDED, "Deadline Exceeded")), timeout);
    }
  }

  /** Starts delivering the client's messages. */
  receive(onMessage: (message: Buffer) => void, onEnd: () => void): void {
    this.onMessage = onMessage;
    this.onEnd = onEnd;
    this.stream.on("data", (chunk: Buffer) => {
      try {
        this.take(chunk);
      } catch (error) {
        this.fail(error);
      }
    });
    this.stream.on("end", () => {
      // A connection that breaks ends the stream too, but the client has not said all it wanted to say.
      const { aborted, destroyed, rstCode } = this.stream;
      if (!this.finished && !aborted && !destroyed && rstCode === constants.NGHTTP2_NO_ERROR) this.onEnd?.();
    });
  }

  closing(listener: () => void): void {
    if (this.closed) listener();
    else this.onClose.push(listener);
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** Sends framed messages; false when the client should be given time (see `drained`). */
  write(framed: Buffer): boolean {
    if (this.over) return true;
    this.respond();
    return this.stream.write(framed);
  }

  /** Calls back once what was written has gone out. */
  drained(listener: () => void): void {
    this.stream.once("drain", listener);
  }

  /** Ends the call well. */
  finish(): void {
    if (this.over) return;
    this.respond();
    this.end({ "grpc-status": "0" });
  }

  fail(error: unknown): void {
    if (this.over) return;
    const { code, message, trailers } = asGrpcError(error);
    const fields: Record<string, string> = { "grpc-status": String(code), "grpc-message": percentEncoded(message) };
    for (const [name, value] of Object.entries(trailers)) fields[name] = asHeaderValue(value);
    if (this.responded) return this.end(fields);
    this.finished = true;
    this.stream.respond({ ":status": 200, "content-type": "application/grpc", ...fields }, { endStream: true });
    this.afterEnd();
  }

  /** Nothing more can be sent. The stream may be gone some time before it says so. */
  private get over(): boolean {
    return this.closed || this.finished || this.stream.destroyed || this.stream.closed;
  }

  private respond(): void {
    if (this.responded) return;
    this.responded = true;
    this.stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  }

  private end(trailers: Record<string, string>): void {
    this.finished = true;
    this.stream.once("wantTrailers", () => {
      if (this.stream.destroyed || this.stream.closed) return;
      this.stream.sendTrailers(trailers);
      this.afterEnd();
    });
    this.stream.end();
  }

  /** A client that is still sending is told that nobody listens any more. */
  private afterEnd(): void {
    clearTimeout(this.deadline);
    if (this.stream.readableEnded || this.stream.endAfterHeaders) return;
    this.onMessage = undefined;
    setImmediate(() => {
      if (!this.stream.closed) this.stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.deadline);
    for (const listener of this.onClose) listener();
  }

  /** Cuts what arrives into messages. Most of the time a chunk holds whole messages, and nothing is copied. */
  private take(chunk: Buffer): void {
    if (this.rest || this.restParts.length > 0) {
      this.restParts.push(chunk);
      this.restSize += chunk.length;
      if (this.restSize < this.needed()) return;
      chunk = Buffer.concat(this.restParts, this.restSize);
      this.restParts = [];
      this.restSize = 0;
      this.rest = undefined;
    }
    let at = 0;
    while (at + 5 <= chunk.length) {
      const length = chunk.readUInt32BE(at + 1);
      if (length > LARGEST_MESSAGE)
        throw new GrpcError(CODE.RESOURCE_EXHAUSTED, "The message is larger than the server accepts.");
      if (at + 5 + length > chunk.length) break;
      const message = chunk.subarray(at + 5, at + 5 + length);
      const compressed = chunk[at] === 1;
      at += 5 + length;
      this.onMessage?.(compressed ? this.inflate(message) : message);
    }
    if (at < chunk.length) {
      const rest = chunk.subarray(at);
      this.rest = rest;
      this.restParts.push(rest);
      this.restSize = rest.length;
    }
  }

  /** Bytes that must be there before looking again makes sense. */
  private needed(): number {
    const head = this.rest as Buffer;
    return head.length < 5 ? 5 : 5 + head.readUInt32BE(1);
  }

  private inflate(message: Buffer): Buffer {
    const encoding = this.headers["grpc-encoding"];
    if (encoding !== "gzip")
      throw new GrpcError(CODE.UNIMPLEMENTED, `The message encoding ${String(encoding)} is not supported.`);
    return gunzipSync(message, { maxOutputLength: LARGEST_MESSAGE });
  }
}

const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000001 };

function parseTimeout(value: string | string[] | undefined): number | undefined {
  if (typeof value !== "string") return undefined;
  const unit = UNITS[value.slice(-1)];
  const amount = Number(value.slice(0, -1));
  if (unit === undefined || !Number.isFinite(amount)) return undefined;
  const milliseconds = Math.ceil(amount * unit);
  // Beyond what a timer can hold there is no deadline worth keeping.
  return milliseconds > 0x7fffffff ? undefined : milliseconds;
}

const percentEncoded = (message: string): string =>
  message.replace(/[^\x20-\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character));

/** Header values are Latin-1 at best; a name beyond it is sent percent-encoded. */
const asHeaderValue = (value: string): string => (/^[\x20-\x7e]*$/.test(value) ? value : encodeURI(value));

const PREFIX = 5;

/** A message with its gRPC prefix. */
export function framed(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, PREFIX);
  return frame;
}
