import { type EventCatalogue, streamCategory } from "../../domains/kernel";
import { type LogEntry } from "../eventstore";
import { forgotten } from "../privacy";
import { EventIds } from "./event-ids";
import { type Finding, Findings } from "./findings";
import { type Scratch, SpillingMap } from "./scratch";

export interface StreamsReport {
  readonly streams: number;
  readonly events: number;
  /** How many findings there are. */
  readonly faults: number;
  /** The first of them. */
  readonly findings: readonly Finding[];
}

/** Whether the streams of the shop are whole: no revision missing, no id twice, all data as its schema says. */
export class StreamCheck {
  private readonly findings = new Findings();
  private readonly ids: EventIds;
  /** Last revision by stream. */
  private readonly revisions: SpillingMap<number>;
  private streams = 0;
  private events = 0;

  constructor(
    private readonly catalogue: EventCatalogue,
    private readonly categories: ReadonlySet<string>,
    scratch: Scratch,
  ) {
    this.ids = new EventIds(scratch);
    this.revisions = new SpillingMap(scratch);
  }

  see(entry: LogEntry): void {
    if (!this.categories.has(streamCategory(entry.stream))) return;
    this.events++;
    this.ids.see(entry.id, entry.position);
    this.follow(entry);
    const fault = this.faultOf(entry);
    if (fault) this.find(entry, ...fault);
  }

  report(): StreamsReport {
    for (const { id, positions } of this.ids.repeated())
      this.findings.add({
        kind: "repeated-id",
        stream: "",
        revision: -1,
        position: String(positions.at(-1)),
        type: "",
        message: `the event id ${id} stands at the log positions ${positions.join(", ")}`,
      });
    const { streams, events, findings } = this;
    return { streams, events, faults: findings.count, findings: findings.first };
  }

  private follow(entry: LogEntry): void {
    const { stream, revision } = entry;
    const before = this.revisions.get(stream);
    if (before === undefined) this.streams++;
    const expected = (before ?? -1) + 1;
    if (revision !== expected)
      this.find(entry, "revision-gap", `revision ${revision} follows where ${expected} should`);
    this.revisions.set(stream, revision);
  }

  private faultOf({ type, event, fault }: LogEntry): readonly [Finding["kind"], string] | undefined {
    const definition = this.catalogue[type];
    if (!definition) return ["unknown-type", `no context knows events of the type ${type}`];
    if (fault !== undefined) return ["unreadable", fault];
    if (!event) return ["unreadable", "it is not JSON, or has no command id"];
    // What is sealed is seen in its forgotten form, which its schema must take too: no keys are needed here.
    const { success, error } = definition.schema.safeParse(forgotten(event.data));
    if (success) return undefined;
    const [issue] = error.issues;
    return ["invalid-data", `${issue?.path.join(".") || "the data"}: ${issue?.message ?? "not as its schema says"}`];
  }

  private find(entry: LogEntry, kind: Finding["kind"], message: string): void {
    const { stream, revision, position, type } = entry;
    this.findings.add({ kind, stream, revision, position: position.toString(), type, message });
  }
}
