/** Where an event with a certain id was written. */
export interface CommittedId {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

/**
 * The ids of recent events, for appends that name no revision: a real node recognises a repeated one among what it
 * committed lately (a bounded cache) and so does this. Two generations make it bounded without bookkeeping per entry:
 * at least the latest `capacity` ids are known, at most twice as many.
 */
export class CommittedIds {
  private young = new Map<string, CommittedId>();
  private old = new Map<string, CommittedId>();

  constructor(readonly capacity: number) {}

  get(id: string): CommittedId | undefined {
    return this.young.get(id) ?? this.old.get(id);
  }

  set(id: string, where: CommittedId): void {
    if (this.young.size >= this.capacity) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(id, where);
  }

  delete(id: string): void {
    this.young.delete(id);
    this.old.delete(id);
  }
}
