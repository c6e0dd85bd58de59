import { type Difference, differences } from "../../domains/kernel";
import { sameDocument } from "./model-report";
import { plain } from "./stored";

/** A document that is not the same in two collections. */
export interface ChangedDocument {
  readonly id: string;
  readonly kind: "different" | "removed" | "added";
  /** The first of its differences; none where it was removed or added. */
  readonly differences: readonly Difference[];
}

/** In how many documents a field differs, by its path; items of lists are taken together. */
export interface ChangedField {
  readonly path: string;
  readonly documents: number;
}

export interface ChangesReport {
  readonly documents: number;
  readonly differing: number;
  /** The most frequent first. */
  readonly fields: readonly ChangedField[];
  readonly first: readonly ChangedDocument[];
}

const PER_DOCUMENT = 100;
const FIELDS = 50;

/** Counts what differs between the documents of two collections, and keeps the first of them. */
export class Changes {
  private documents = 0;
  private differing = 0;
  private readonly fields = new Map<string, number>();
  private readonly first: ChangedDocument[] = [];

  constructor(private readonly most = 20) {}

  compare(id: string, was: object | undefined, now: object | undefined): void {
    this.documents++;
    if (sameDocument(was, now)) return;
    this.differing++;
    const kind = !was ? "added" : !now ? "removed" : "different";
    const found = kind === "different" ? differences(plain(was), plain(now), PER_DOCUMENT) : [];
    for (const path of new Set(found.map(({ path }) => path.replace(/\/\d+(?=\/|$)/g, "/*"))))
      this.fields.set(path, (this.fields.get(path) ?? 0) + 1);
    if (this.first.length < this.most) this.first.push({ id, kind, differences: found });
  }

  report(): ChangesReport {
    const { documents, differing, first } = this;
    const fields = [...this.fields]
      .map(([path, count]) => ({ path, documents: count }))
      .sort((a, b) => b.documents - a.documents)
      .slice(0, FIELDS);
    return { documents, differing, fields, first };
  }
}
