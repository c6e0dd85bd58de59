import { type Difference, differences, sameValue } from "../../domains/kernel";
import { type EventPlace } from "./fold";
import { plain } from "./stored";

/** A document that is not as the events make it. */
export interface DocumentDifference {
  readonly id: string;
  /** `missing`: not stored; `surplus`: stored, though no events make it. */
  readonly kind: "different" | "missing" | "surplus";
  /** The first place where it differs, as a JSON Pointer; empty for the whole document. */
  readonly path: string;
  readonly stored?: unknown;
  readonly expected?: unknown;
  /** The last event that changed it, or should have. */
  readonly lastEvent: EventPlace | null;
}

export interface ModelReport {
  /** `<context>.<name>` */
  readonly name: string;
  readonly kind: "projection" | "feed";
  /**
   * `failed`: the events cannot be folded by the code that is here; `skipped`: there is nothing that could be compared.
   */
  readonly status: "same" | "different" | "failed" | "skipped";
  /** Why it failed or was skipped. */
  readonly reason: string | null;
  /** The collection that was looked at. */
  readonly target: string | null;
  /** Log position up to which was compared. */
  readonly position: string | null;
  /** Documents, or rows of a feed, that are stored. */
  readonly documents: number;
  /** How many of them differ, are missing, or are there in excess. */
  readonly differing: number;
  /** Events that operators have had left out, altogether or for one document. */
  readonly skipped: number;
  /** The first by its id. */
  readonly first: DocumentDifference | null;
}

/** What differs in one read model: counted, and the first of them kept. */
export class Tally {
  documents = 0;
  differing = 0;
  first: DocumentDifference | null = null;

  /** Compares one document; either may not be there. */
  compare(
    id: string,
    stored: object | undefined,
    expected: object | undefined,
    lastEvent: () => EventPlace | null,
  ): void {
    if (stored) this.documents++;
    if (sameDocument(stored, expected)) return;
    this.differing++;
    if (this.first && this.first.id <= id) return;
    this.first = differenceOf(id, stored, expected, lastEvent());
  }
}

/** Whether the database keeps exactly what is expected; the order of fields says nothing. */
export const sameDocument = (stored: object | undefined, expected: object | undefined): boolean =>
  sameValue(stored, expected) || (!!stored && !!expected && sameValue(plain(stored), plain(expected)));

function differenceOf(
  id: string,
  stored: object | undefined,
  expected: object | undefined,
  lastEvent: EventPlace | null,
): DocumentDifference {
  if (!stored) return { id, kind: "missing", path: "", expected: plain(expected), lastEvent };
  if (!expected) return { id, kind: "surplus", path: "", stored: plain(stored), lastEvent };
  const [first] = differences(plain(stored), plain(expected), 1) as [Difference];
  const { path, was, now } = first;
  return {
    id,
    kind: "different",
    path,
    ...(was !== undefined && { stored: was }),
    ...(now !== undefined && { expected: now }),
    lastEvent,
  };
}
