import { HEADER, record, TRAILER } from "../storage/record";
import { type RecordView } from "../storage/log";
import { EMPTY, putVarint, varintSize } from "./proto-writer";
import { putUuidText, uuidStructured } from "./uuid";

const FRAME = 5;
const TEXT_ID = 40;
const PIECE = 32 * 1024;

/** An event to send: the event, the link that led to it (or neither record where the link leads nowhere). */
export interface ResolvedView {
  readonly event: RecordView | undefined;
  readonly link: RecordView | undefined;
  /** Sent to persistent subscribers only. */
  readonly retryCount?: number;
}

/**
 * Collects answers that carry events, as framed gRPC messages, ready to be written in one piece. `ReadResp` of both the
 * Streams and the PersistentSubscriptions service have the same shape: event = 1, holding event = 1, link = 2,
 * commit position = 3 (and the retry count = 5).
 */
export class EventOutbox {
  private buffer: Buffer = EMPTY;
  private used = 0;

  constructor(
    private readonly structuredIds: boolean,
    private readonly firstPiece = 1024,
  ) {}

  get size(): number {
    return this.used;
  }

  /** Takes what has been collected. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.used);
    this.buffer = EMPTY;
    this.used = 0;
    return taken;
  }

  /** The common case: one record, as it is. */
  event(buffer: Buffer, offset: number): void {
    const body = buffer.readUInt32LE(offset) - HEADER - TRAILER;
    const id = this.structuredIds ? idField(buffer, offset + 40) : EMPTY;
    const recorded = (this.structuredIds ? id.length : TEXT_ID) + body;
    const position = record.position(buffer, offset);
    const read = 1 + varintSize(recorded) + recorded + 1 + varintSize(position);
    const message = 1 + varintSize(read) + read;
    let at = this.begin(message);
    const out = this.buffer;
    out[at++] = 0x0a;
    at = putVarint(out, at, read);
    out[at++] = 0x0a;
    at = this.recorded(at, buffer, offset, id, recorded);
    out[at++] = 0x18;
    this.used = putVarint(out, at, position);
  }

  /** An event with all that may accompany it. */
  resolved({ event, link, retryCount }: ResolvedView): void {
    const eventId = event && this.structuredIds ? idField(event.buffer, event.offset + 40) : EMPTY;
    const linkId = link && this.structuredIds ? idField(link.buffer, link.offset + 40) : EMPTY;
    const eventSize = event ? this.sizeOf(event, eventId) : 0;
    const linkSize = link ? this.sizeOf(link, linkId) : 0;
    const original = link ?? event;
    if (!original) return;
    const position = record.position(original.buffer, original.offset);
    const retry = retryCount === undefined ? 0 : 1 + varintSize(retryCount);
    const read =
      (event ? 1 + varintSize(eventSize) + eventSize : 0) +
      (link ? 1 + varintSize(linkSize) + linkSize : 0) +
      1 +
      varintSize(position) +
      retry;
    const message = 1 + varintSize(read) + read;
    let at = this.begin(message);
    const out = this.buffer;
    out[at++] = 0x0a;
    at = putVarint(out, at, read);
    if (event) {
      out[at++] = 0x0a;
      at = this.recorded(at, event.buffer, event.offset, eventId, eventSize);
    }
    if (link) {
      out[at++] = 0x12;
      at = this.recorded(at, link.buffer, link.offset, linkId, linkSize);
    }
    out[at++] = 0x18;
    at = putVarint(out, at, position);
    if (retryCount !== undefined) {
      out[at++] = 0x28;
      at = putVarint(out, at, retryCount);
    }
    this.used = at;
  }

  /** Any other message. */
  message(message: Buffer): void {
    const at = this.begin(message.length);
    message.copy(this.buffer, at);
    this.used = at + message.length;
  }

  private sizeOf(view: RecordView, id: Buffer): number {
    const body = view.buffer.readUInt32LE(view.offset) - HEADER - TRAILER;
    return body + (this.structuredIds ? id.length : TEXT_ID);
  }

  /** Writes `RecordedEvent` with its length before it: the id, then the body as it is stored. */
  private recorded(at: number, buffer: Buffer, offset: number, id: Buffer, size: number): number {
    const out = this.buffer;
    at = putVarint(out, at, size);
    if (this.structuredIds) {
      id.copy(out, at);
      at += id.length;
    } else {
      out[at] = 0x0a;
      out[at + 1] = 38;
      out[at + 2] = 0x12;
      out[at + 3] = 36;
      at = putUuidText(out, at + 4, buffer, offset + 40);
    }
    const end = offset + buffer.readUInt32LE(offset) - TRAILER;
    buffer.copy(out, at, offset + HEADER, end);
    return at + end - offset - HEADER;
  }

  /** Makes room for a message and writes its gRPC prefix; answers where the message begins. */
  private begin(size: number): number {
    const needed = this.used + FRAME + size;
    if (needed > this.buffer.length) {
      const length = Math.max(
        needed,
        this.used === 0 ? this.firstPiece : this.buffer.length < PIECE ? PIECE : this.buffer.length * 2,
      );
      const larger = Buffer.allocUnsafe(length);
      this.buffer.copy(larger, 0, 0, this.used);
      this.buffer = larger;
    }
    this.buffer[this.used] = 0;
    this.buffer.writeUInt32BE(size, this.used + 1);
    return this.used + FRAME;
  }
}

function idField(buffer: Buffer, offset: number): Buffer {
  const id = uuidStructured(buffer, offset);
  return Buffer.concat([Buffer.of(0x0a, id.length), id]);
}
