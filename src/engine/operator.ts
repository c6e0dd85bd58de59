import { type Consumer, type FailureDocument, type Outlook, type ReadModelRunner, type SkippedEvent, type Verdict, type WorkDesk, type WorkRequest } from "../infra/runtime"; // prettier-ignore

interface Own {
  /** By full name: `storefront.products`. */
  readonly runners: ReadonlyMap<string, Pick<ReadModelRunner, "consumers" | "rebuild" | "retry">>;
  readonly workers: ReadonlyMap<string, { readonly consumer: Consumer }>;
}

/** Which of the things that stand still is meant; all of a work's where nothing is said. */
export interface Meant {
  /** Id of the event that it stands at. */
  readonly event?: string | undefined;
  readonly document?: string | undefined;
}

/** Does what operators ask for: at once where this process does the work, else by a request to the one that does. */
export class Operator {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly desk: WorkDesk,
    private readonly own: Own,
    private readonly report: (message: string, details: object) => void,
  ) {}

  /** Heeds what is asked for in other processes. */
  start(): void {
    const { runners, workers } = this.own;
    if (runners.size + workers.size > 0)
      this.running = this.desk.follow((request) => this.heed(request), this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  outlook(): Promise<Outlook> {
    return this.desk.outlook();
  }

  failures(context: string, name: string): Promise<readonly FailureDocument[]> {
    return this.desk.failures(context, name);
  }

  skipped(context: string, name: string): Promise<readonly SkippedEvent[]> {
    return this.desk.skipped(context, name);
  }

  /** @returns what stood still and goes on */
  async settle(
    context: string,
    name: string,
    { event, document }: Meant,
    verdict: Verdict,
  ): Promise<readonly FailureDocument[]> {
    const failures = await this.desk.failures(context, name);
    const meant = failures.filter(
      (failure) =>
        (event === undefined || failure.event.id === event) &&
        (document === undefined || failure.document === document),
    );
    for (const { _id: unit, event, attempts } of meant) {
      const mark = { context, unit, event: event.id, attempts };
      if (!(await this.consumer(context, unit)?.settle(mark, verdict))) await this.desk.settle(mark, verdict);
    }
    // A failure that could not be noted is known here alone.
    const key = `${context}.${name}`;
    if (verdict.kind === "retry" && meant.length === 0)
      (this.own.runners.get(key) ?? this.own.workers.get(key)?.consumer)?.retry();
    return meant;
  }

  /**
   * @returns false where no worker has built it yet
   * @throws RebuildUnderWay
   */
  async rebuild(context: string, name: string, by: string): Promise<boolean> {
    const runner = this.own.runners.get(`${context}.${name}`);
    if (!runner) return this.desk.rebuild(context, name, by);
    await runner.rebuild();
    return true;
  }

  private async heed(request: WorkRequest): Promise<void> {
    switch (request.kind) {
      case "settle": {
        const { mark, verdict } = request;
        const { context, unit } = mark;
        if (await this.consumer(context, unit)?.settle(mark, verdict)) this.report(`${verdict.kind} as was asked elsewhere`, { unit, context, ...verdict }); // prettier-ignore
        return;
      }
      case "rebuild": {
        const { context, name, generation } = request;
        const target = await this.own.runners.get(`${context}.${name}`)?.rebuild(generation);
        if (target !== undefined) this.report("rebuild as was asked elsewhere", { readModel: name, context, target });
        return;
      }
    }
  }

  private consumer(context: string, unit: string): Consumer | undefined {
    const { runners, workers } = this.own;
    return [
      ...[...runners.values()].flatMap(({ consumers }) => consumers),
      ...[...workers.values()].map(({ consumer }) => consumer),
    ].find((consumer) => consumer.context === context && consumer.name === unit);
  }
}
