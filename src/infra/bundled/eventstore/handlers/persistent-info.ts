import { type Group } from "../persistent/group";
import { encode } from "../wire/proto-writer";

const perSecond = (count: number, since: number): number =>
  Math.round((count * 1000) / Math.max(1, Date.now() - since));

/** `SubscriptionInfo`. */
export function groupInfo(group: Group): Buffer {
  const { config, consumers } = group;
  const { settings, stream } = config;
  const all = stream === "$all";
  const mark = (value: number): string => (all ? `C:${value}/P:${value}` : String(value));
  const start = settings.startFrom === "start" ? 0 : settings.startFrom === "end" ? -1 : settings.startFrom;
  const newest = group.newest();
  const outstanding = group.outstanding.size;
  const info = encode((w) => {
    w.string(1, stream).string(2, config.name).string(3, "Live");
    for (const consumer of consumers) {
      w.message(4, (c) => {
        c.string(1, consumer.from)
          .string(2, consumer.username)
          .varint(3, perSecond(consumer.countSinceMeasured, consumer.measuredAt))
          .varint(4, consumer.total)
          .varint(5, consumer.countSinceMeasured);
        for (const [key, value] of settings.extraStatistics ? measurements(consumer.latencies) : []) {
          c.message(6, (m) => m.string(1, key).varint(2, value));
        }
        c.varint(7, consumer.bufferSize - consumer.inFlight)
          .varint(8, consumer.inFlight)
          .string(9, consumer.connectionName);
      });
    }
    w.varint(5, perSecond(group.sinceMeasured, group.lastMeasured))
      .varint(6, group.total)
      .varint(7, group.sinceMeasured);
    if (group.checkpoint !== undefined) w.string(8, mark(group.checkpoint));
    if (newest >= 0) w.string(9, mark(newest));
    w.bool(10, settings.resolveLinks)
      .string(11, mark(start))
      .varint(12, settings.messageTimeout)
      .bool(13, settings.extraStatistics)
      .varint(14, settings.maxRetryCount)
      .varint(15, settings.liveBufferSize)
      .varint(16, settings.historyBufferSize)
      .varint(17, settings.readBatchSize)
      .varint(18, settings.checkpointAfter)
      .varint(19, settings.minCheckpointCount)
      .varint(20, settings.maxCheckpointCount)
      .varint(21, group.waitingCount)
      .varint(22, 0)
      .varint(23, group.retries.length)
      .varint(24, outstanding)
      .varint(25, outstanding)
      .string(26, settings.strategy)
      .varint(27, settings.maxSubscriberCount)
      .varint(28, group.parked);
  });
  measured(group);
  return info;
}

/** Counts "since the last measurement" begin anew once they are old enough to say something. */
function measured(group: Group): void {
  const now = Date.now();
  if (now - group.lastMeasured < 1000) return;
  group.lastMeasured = now;
  group.sinceMeasured = 0;
  for (const consumer of group.consumers) {
    consumer.measuredAt = now;
    consumer.countSinceMeasured = 0;
  }
}

/** The share of messages that were answered within the time of a measurement. */
const SHARES: readonly (readonly [string, number])[] = [
  ["Median", 0.5],
  ["Fastest", 0],
  ["Quintile 1", 0.2],
  ["Quintile 2", 0.4],
  ["Quintile 3", 0.6],
  ["Quintile 4", 0.8],
  ["Quintile 5", 1],
  ["90%", 0.9],
  ["95%", 0.95],
  ["99%", 0.99],
  ["99.5%", 0.995],
  ["99.9%", 0.999],
  ["Highest", 1],
];

/** In milliseconds, under the names that the real node gives them. */
function measurements(latencies: readonly number[]): [string, number][] {
  if (latencies.length === 0) return [];
  const sorted = [...latencies].sort((a, b) => a - b);
  const mean = Math.round(sorted.reduce((sum, value) => sum + value, 0) / sorted.length);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return [["Mean", mean], ...SHARES.map(([name, share]): [string, number] => [name, at(share)])];
}
