import { type InternalEvent, jsonEvent, metadataEvent } from "../core/own-events";
import { metadataStreamOf, SOFT_DELETED_METADATA } from "../core/stream-metadata";
import { type Store } from "../core/store";
import { record } from "../storage/record";
import { CODE, groupDropped, groupExists, groupNotFound, GrpcError } from "../transport/status";
import { Group } from "./group";
import { checkpointStream, CONFIG_STREAM, type GroupConfig, groupKey, parkedStream } from "./settings";

const CONFIG_TYPE = "$PersistentConfig";

/** All persistent subscriptions. Their configuration is one event, rewritten with every change. */
export class GroupManager {
  private readonly groups = new Map<string, Group>();

  constructor(
    private readonly store: Store,
    private readonly report: (line: string) => void,
  ) {
    for (const config of this.load()) this.start(config);
  }

  find(stream: string, name: string): Group {
    const group = this.groups.get(groupKey(stream, name));
    if (!group) throw groupNotFound(stream, name);
    return group;
  }

  all(): Group[] {
    return [...this.groups.values()];
  }

  async create(config: GroupConfig): Promise<void> {
    const key = groupKey(config.stream, config.name);
    if (this.groups.has(key)) throw groupExists(config.stream, config.name);
    this.start(config);
    const checkpoints = checkpointStream(key);
    const setUp = [metadata(checkpoints, { $maxCount: 2, ...this.forgetting(checkpoints) })];
    // A group of this name may have been there before: its progress and its parked messages are not this one's.
    const parked = this.forgetting(parkedStream(key));
    if (parked) setUp.push(metadata(parkedStream(key), parked));
    if (this.store.streams.get(CONFIG_STREAM).last < 0) setUp.push(metadata(CONFIG_STREAM, { $maxCount: 2 }));
    await this.save(setUp);
  }

  /** The group begins anew from its checkpoint; connected consumers are dropped, as the real node does. */
  async update(config: GroupConfig): Promise<void> {
    const group = this.find(config.stream, config.name);
    group.stop(groupDropped(config.stream, config.name), true);
    this.groups.delete(group.key);
    await this.settled();
    this.start(config);
    await this.save([]);
  }

  async delete(stream: string, name: string): Promise<void> {
    const group = this.find(stream, name);
    this.groups.delete(group.key);
    group.stop(groupDropped(stream, name), false);
    const gone = (kept: string): InternalEvent => metadata(kept, undefined);
    await this.save([gone(checkpointStream(group.key)), gone(parkedStream(group.key))]);
  }

  /** Stops every group and starts it again from its checkpoint. */
  async restart(): Promise<void> {
    for (const group of this.all()) group.stop(groupDropped(group.config.stream, group.config.name), true);
    await this.settled();
    for (const group of this.all()) this.start(group.config);
  }

  stop(): void {
    const reason = new GrpcError(CODE.UNAVAILABLE, "The server is shutting down.");
    for (const group of this.groups.values()) group.stop(reason, true);
  }

  private forgetting(stream: string): { $tb: number } | undefined {
    const { last } = this.store.streams.get(stream);
    return last < 0 ? undefined : { $tb: last + 1 };
  }

  private start(config: GroupConfig): void {
    const group = new Group(this.store, config, this.report);
    this.groups.set(group.key, group);
  }

  /** Resolves when what has been written so far is on disk. */
  private settled(): Promise<void> {
    return new Promise((resolve) => this.store.writer.write({ action: "internal", events: [], done: () => resolve() }));
  }

  private save(more: readonly InternalEvent[]): Promise<void> {
    const entries = this.all().map(({ config }) => config);
    const event = jsonEvent(CONFIG_TYPE, { version: 1, updated: new Date().toISOString(), entries });
    return new Promise((resolve, reject) => {
      this.store.writer.write({
        action: "internal",
        events: [...more, { stream: CONFIG_STREAM, event }],
        done: (outcome) =>
          outcome.kind === "done"
            ? resolve()
            : reject(new GrpcError(CODE.INTERNAL, "The configuration could not be written.")),
      });
    });
  }

  private load(): readonly GroupConfig[] {
    const state = this.store.streams.get(CONFIG_STREAM);
    if (state.visible < 0) return [];
    const view = this.store.streams.recordOf(state, state.visible);
    if (!view) return [];
    const { entries } = JSON.parse(record.data(view.buffer, view.offset).toString("utf8")) as {
      entries: GroupConfig[];
    };
    return entries;
  }
}

/** Metadata for a stream of the server's own; undefined deletes the stream softly. */
function metadata(stream: string, value: Record<string, number> | undefined): InternalEvent {
  const data = value ? Buffer.from(JSON.stringify(value)) : SOFT_DELETED_METADATA;
  return { stream: metadataStreamOf(stream), event: metadataEvent(data) };
}
