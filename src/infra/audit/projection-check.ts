import { type Document, type Projection, type Recorded } from "../../domains/kernel";
import { messageOf } from "../eventstore";
import { type MongoStores } from "../mongo";
import { placeOf, ProjectionFold } from "./fold";
import { Reach, Skips, UNDIVIDED } from "../runtime";
import { type ModelReport, Tally } from "./model-report";
import { type Scratch } from "./scratch";
import { documentsOf, type Stored, withStored } from "./stored";

const NOTHING = new Reach(UNDIVIDED, [-1n]);
/** Documents that are looked for in one question. */
const CHUNK = 1_000;

/** Folds one projection up to where its stored documents are, and compares the two. */
export class ProjectionCheck {
  readonly kind = "projection" as const;
  readonly name: string;
  readonly types: ReadonlySet<string>;
  /** Events up to here are to be folded. */
  goal = -1n;
  /** Events up to here have been seen. */
  position = -1n;
  private readonly fold: ProjectionFold;
  /** How far documents are folded, and how far they are to be. */
  private done = NOTHING;
  private aimed = NOTHING;
  private skips = Skips.none;
  private failure: string | undefined;

  constructor(
    private readonly projection: Projection<Document>,
    private readonly stores: MongoStores,
    scratch: Scratch,
  ) {
    this.name = `${projection.context}.${projection.name}`;
    this.types = new Set(projection.events);
    this.fold = new ProjectionFold(projection, scratch);
  }

  /** Reads how far the stored documents are now. */
  async aim(): Promise<void> {
    await withStored(this.stores, this.projection, (stored) => {
      const { version } = this.projection;
      if (stored && stored.version === version && stored.position >= this.done.least) this.aimAt(stored);
      return Promise.resolve();
    });
  }

  private aimAt({ reach, skips }: Stored): void {
    this.aimed = reach;
    this.goal = reach.most;
    this.skips = skips;
  }

  see(event: Recorded): void {
    const { done, aimed, skips } = this;
    if (this.failure !== undefined || event.position <= this.position || event.position > this.goal) return;
    if (skips.event(event)) return;
    try {
      this.fold.fold(
        event,
        (id) => event.position > done.of(id) && event.position <= aimed.of(id) && !skips.document(event, id),
      );
    } catch (error) {
      const { stream, revision, type } = placeOf(event);
      this.failure = `${type} at ${stream}@${revision} cannot be folded: ${messageOf(error)}`;
    }
  }

  /** All events up to the goal have been seen. */
  arrived(): void {
    this.done = this.aimed;
    this.position = this.done.least;
  }

  /** Compares with what is stored. `catchUp` brings it to its goal. */
  async finish(catchUp: () => Promise<void>): Promise<ModelReport> {
    return withStored(this.stores, this.projection, async (stored) => {
      const { version } = this.projection;
      if (!stored) return this.report("skipped", stored, "nothing has built it yet");
      if (stored.version !== version)
        return this.report("skipped", stored, `version ${stored.version} serves, and this is version ${version}`);
      if (stored.position < this.position)
        return this.report("skipped", stored, "it went back to an older position while it was looked at");
      this.aimAt(stored);
      if (this.goal > this.position) await catchUp();
      if (this.failure !== undefined) return this.report("failed", stored, this.failure);
      const tally = await this.compare(stored);
      return this.report(tally.differing === 0 ? "same" : "different", stored, null, tally);
    });
  }

  private async compare(stored: Stored): Promise<Tally> {
    const tally = new Tally();
    let both = 0;
    for await (const document of documentsOf(this.stores, this.projection.context, stored.target, stored)) {
      const folded = this.fold.get(document._id);
      const expected = folded?.document ?? undefined;
      if (expected) both++;
      tally.compare(document._id, document, expected, () => folded?.last ?? null);
    }
    if (both < this.fold.size) await this.findMissing(stored, tally);
    return tally;
  }

  private async findMissing({ target, session }: Stored, tally: Tally): Promise<void> {
    const documents = this.stores.collection<Document>(this.projection.context, target);
    const look = async (ids: readonly string[]) => {
      const options = { session, projection: { _id: 1 } };
      const found = new Set<string>();
      for await (const { _id } of documents.find({ _id: { $in: ids } } as never, options)) found.add(_id as string);
      return ids.filter((id) => !found.has(id));
    };
    let ids: string[] = [];
    const missing: string[] = [];
    for (const [id] of this.fold.all()) {
      ids.push(id);
      if (ids.length < CHUNK) continue;
      missing.push(...(await look(ids)));
      ids = [];
    }
    missing.push(...(await look(ids)));
    for (const id of missing) {
      const folded = this.fold.get(id);
      tally.compare(id, undefined, folded?.document ?? undefined, () => folded?.last ?? null);
    }
  }

  private report(
    status: ModelReport["status"],
    stored: Stored | undefined,
    reason: string | null,
    { documents, differing, first }: Tally = new Tally(),
  ): ModelReport {
    return {
      name: this.name,
      kind: this.kind,
      status,
      reason,
      target: stored?.target ?? null,
      position: stored?.position.toString() ?? null,
      documents,
      differing,
      skipped: stored?.skips.size ?? 0,
      first,
    };
  }
}
