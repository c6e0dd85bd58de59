import { type Document, type Feed, type Projection } from "../../domains/kernel";
import { type EventLog, logPages } from "../eventstore";
import { type MongoStores } from "../mongo";
import { type Reach, rowCursor } from "../runtime";
import { Changes, type ChangesReport } from "./changes";
import { LAST_SEQ } from "./feed-check";
import { inStep } from "./in-step";
import { Overlay } from "./overlay";
import { documentsOf, type ModelName, type Stored, withStored } from "./stored";

export interface CompareOptions {
  readonly log: EventLog;
  readonly stores: MongoStores;
  /** How many documents that differ are told in full; 20 when absent. */
  readonly most?: number | undefined;
}

/** What is not the same: `was` in the collection that served before, `now` in the one that serves. */
export interface CompareReport extends ChangesReport {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** Documents that events have changed, or rows that they have added, since the earlier collection was left. */
  readonly since: number;
  /**
   * Whether documents that have changed since were compared too, by taking the earlier ones further; not where another
   * version of the projection made those.
   */
  readonly sinceCompared: boolean;
}

/** Nothing is left that could be compared with what serves. */
export class NothingToCompare extends Error {}

/** Compares a read model with the collection that served before it, document by document, exactly. */
export function compareProjection(projection: Projection<Document>, options: CompareOptions): Promise<CompareReport> {
  const { stores } = options;
  const { context, name } = projection;
  return withBoth(projection, stores, async ({ before, left, stored }) => {
    const after = stored.target;
    const sinceCompared = versionOf(before, name) === projection.version;
    const overlay = new Overlay(projection, stores.collection<Document>(context, sinceCompared ? before : after));
    await foldSince(projection, options, { left, stored, overlay, follow: sinceCompared });
    const { touched } = overlay;
    const unseen = new Set(touched);
    const changes = new Changes(options.most);
    const all = (target: string) => documentsOf(stores, context, target, stored);
    for await (const [id, was, now] of inStep(all(before), all(after))) {
      unseen.delete(id);
      if (!touched.has(id)) changes.compare(id, was, now);
      else if (sinceCompared) changes.compare(id, overlay.get(id), now);
    }
    if (sinceCompared) for (const id of unseen) if (overlay.get(id)) changes.compare(id, overlay.get(id), undefined);
    return { ...named(projection), before, after, since: touched.size, sinceCompared, ...changes.report() };
  });
}

/** The same for a feed: rows up to where the earlier collection was left; those that came since are counted. */
export function compareFeed(feed: Feed, { stores, most }: CompareOptions): Promise<CompareReport> {
  return withBoth(feed, stores, async ({ before, left, stored }) => {
    const after = stored.target;
    const end = rowCursor(left.least, LAST_SEQ);
    const { session } = stored;
    const rows = (target: string) => documentsOf(stores, feed.context, target, { session, ids: { $lte: end } });
    const changes = new Changes(most);
    for await (const row of inStep(rows(before), rows(after))) changes.compare(...row);
    const since = await stores
      .collection<Document>(feed.context, after)
      .countDocuments({ _id: { $gt: end } } as never, { session });
    return { ...named(feed), before, after, since, sinceCompared: false, ...changes.report() };
  });
}

interface Both {
  readonly before: string;
  /** Where the earlier collection was left. */
  readonly left: Reach;
  readonly stored: Stored;
}

function withBoth<T>(model: ModelName, stores: MongoStores, use: (both: Both) => Promise<T>): Promise<T> {
  const { context, name } = model;
  return withStored(stores, model, (stored) => {
    if (!stored) throw new NothingToCompare(`Nothing has built ${context}.${name} yet.`);
    const { previous } = stored;
    if (previous === undefined)
      throw new NothingToCompare(`No collection of ${context}.${name} is kept that served before ${stored.target}.`);
    return use({ before: previous.target, left: previous.reach, stored });
  });
}

interface Since {
  readonly left: Reach;
  readonly stored: Stored;
  readonly overlay: Overlay;
  /** Whether the documents are taken further; else it is only noted which of them have changed. */
  readonly follow: boolean;
}

async function foldSince(
  { events }: Projection<Document>,
  { log }: CompareOptions,
  { left, stored, overlay, follow }: Since,
): Promise<void> {
  const types = new Set(events);
  const { reach, skips } = stored;
  for await (const page of logPages(log, { from: left.least })) {
    for (const { event, type, position } of page) {
      if (!event || !types.has(type) || position > reach.most || skips.event(event)) continue;
      const isSince = (id: string) => position > left.of(id) && position <= reach.of(id) && !skips.document(event, id);
      await (follow ? overlay.fold(event, isSince) : overlay.note(event, isSince));
    }
    if ((page.at(-1)?.position ?? reach.most) >= reach.most) return;
  }
}

const named = ({ context, name }: ModelName) => ({ name: `${context}.${name}` });

/** The version of the projection that made a collection, by its name: `products_v3_7` → 3. */
function versionOf(target: string, name: string): number | undefined {
  const match = /^_v(\d+)(_\d+)?$/.exec(target.slice(name.length));
  return match ? Number(match[1]) : undefined;
}
