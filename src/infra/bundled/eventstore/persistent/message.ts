/** An event on its way through a persistent subscription. Its bytes stay in the log. */
export interface Message {
  /** Order within the group. */
  readonly sequence: number;
  /** Where the record to deliver lies. */
  readonly position: number;
  /** Revision in the group's stream, or commit position for `$all`. */
  readonly mark: number;
  /** The mark that is done when everything before this message is done. */
  readonly before: number;
  /** Id by which the client acknowledges it. */
  readonly id: string;
  /** What pinning goes by: the stream (of the linked event) or the correlation id. */
  readonly pin: string;
  /** Replayed from the parked messages: it counts for no checkpoint. */
  readonly replayed: boolean;
  /** A replayed message is delivered as its link; this is the event alone, should a scavenge have taken the link. */
  readonly unlinked?: Message;
  retries: number;
}

/** A message with a subscriber. */
export interface Outstanding {
  readonly message: Message;
  readonly consumer: Consumer;
  readonly sentAt: number;
}

/** One connected subscriber of a group. */
export interface Consumer {
  readonly id: string;
  readonly from: string;
  readonly connectionName: string;
  readonly username: string;
  readonly bufferSize: number;
  inFlight: number;
  /** The client does not take what it was sent: nothing more until it does. */
  blocked: boolean;
  total: number;
  countSinceMeasured: number;
  measuredAt: number;
  /** How long it took to answer messages, newest last; kept where the group asks for such statistics. */
  readonly latencies: number[];
  /** False where there is nothing to send any more. */
  send(message: Message): boolean;
  drop(reason: Error): void;
}

export const hasRoom = (consumer: Consumer): boolean => !consumer.blocked && consumer.inFlight < consumer.bufferSize;
