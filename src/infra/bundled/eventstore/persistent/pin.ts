import { type Store } from "../core/store";
import { type RecordView } from "../storage/log";
import { FLAG, record } from "../storage/record";
import { type StrategyName } from "./settings";

/** What an event is pinned by: its stream (the one a link points to), or its correlation id; "" where nothing is. */
export function pinOf(store: Store, strategy: StrategyName, view: RecordView): string {
  if (strategy !== "Pinned" && strategy !== "PinnedByCorrelation") return "";
  const isLink = (record.flags(view.buffer, view.offset) & FLAG.LINK) !== 0;
  const target = isLink ? (store.resolve(view) ?? view) : view;
  if (strategy === "PinnedByCorrelation") {
    const correlation = correlationOf(record.metadata(target.buffer, target.offset));
    if (correlation !== undefined) return correlation;
  }
  return record.name(target.buffer, target.offset);
}

function correlationOf(metadata: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(metadata.toString("utf8"));
    const correlation = (value as { $correlationId?: unknown } | null)?.$correlationId;
    return typeof correlation === "string" ? correlation : undefined;
  } catch {
    return undefined;
  }
}
