/** Something in the log that should not be there. */
export interface Finding {
  readonly kind:
    | "revision-gap"
    | "repeated-id"
    /** An event in a stream of the shop whose type the shop does not know. */
    | "unknown-type"
    /** Its version cannot be lifted to the present one, or it says not who caused it. */
    | "unreadable"
    | "invalid-data";
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly type: string;
  readonly message: string;
}

/** Findings told one by one; the others are only counted. */
const TOLD = 20;

/** Findings by kind: how many, and the first of them. */
export class Findings {
  private readonly told: Finding[] = [];
  private readonly counts = new Map<Finding["kind"], number>();

  add(finding: Finding): void {
    this.counts.set(finding.kind, (this.counts.get(finding.kind) ?? 0) + 1);
    if (this.told.length < TOLD) this.told.push(finding);
  }

  get first(): readonly Finding[] {
    return this.told;
  }

  get count(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
