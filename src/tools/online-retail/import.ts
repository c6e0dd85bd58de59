import { DomainError, personId, type Timestamp } from "../../domains/kernel";
import { classify, type Article, type Plan } from "./classify";
import { importArticle, type ArticleResult, type Effect, type Execute, type Sender } from "./articles";
import { asideSending, documentSending, happenings, stockSending, type Happening } from "./documents";
import { inFlight } from "../in-flight";
import { SOURCE } from "./identity";
import { reportOf, type Outcome, type Report } from "./report";
import { readRows } from "./rows";

export type { Execute } from "./articles";

/** How far the import has come. */
export interface ImportProgress {
  readonly phase: "reading" | "articles" | "documents";
  readonly done: number;
  readonly total: number;
}

export interface ImportOptions {
  readonly file: string;
  /** The command side: everything that is written goes through its deciders. */
  readonly execute: Execute;
  /** Position of the newest event in the log: what lies beyond was written by this run. */
  readonly endPosition: () => Promise<bigint>;
  /** Told of every customer before their documents come, by the ids under which people are known. */
  readonly meet?: ((people: readonly string[]) => Promise<void>) | undefined;
  readonly progress?: ((progress: ImportProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Commands under way at once. */
  readonly concurrency?: number;
}

/** A command was refused that the import must be able to send: the shop's data contradict the file. */
export class ImportRefused extends Error {
  override readonly name = "ImportRefused";
}

/** Enough to fill the way to the event store and back; more only queues up there. */
const CONCURRENCY = 512;

/**
 * Brings a whole Online Retail file into the shop. Every command has an id that follows from what it is about, so a
 * second run writes nothing, and one that was killed is completed by the next.
 * @throws UnusableFile, ImportRefused, EventLogUnavailable, the signal's reason
 */
export async function importOnlineRetail(options: ImportOptions): Promise<Report> {
  const { file, progress, signal } = options;
  const begun = performance.now();
  const before = await options.endPosition();
  const read = (done: number, total: number) => progress?.({ phase: "reading", done, total });
  const plan = await classify(readRows(file, { signal, read }));
  const run = new ImportRun(plan, before, options);
  await options.meet?.(
    plan.table.customers.all().flatMap((number) => (number === "" ? [] : [personId(number, SOURCE)])),
  );
  await run.articles();
  await run.happenings();
  await run.misfits();
  return reportOf(file, plan, { ...run.outcome, milliseconds: performance.now() - begun });
}

/** One run over a plan. */
class ImportRun implements Sender {
  private readonly documents = new Tally();
  private readonly stockChanges = new Tally();
  private readonly setAside = new Tally();
  private readonly articleFates = { new: 0, known: 0, elsewhere: 0 };
  private readonly prices = { new: 0, known: 0 };
  private readonly different: string[] = [];
  private events = 0;
  private readonly concurrency: number;

  constructor(
    private readonly plan: Plan,
    private readonly before: bigint,
    private readonly options: ImportOptions,
  ) {
    this.concurrency = options.concurrency ?? CONCURRENCY;
  }

  get outcome(): Omit<Outcome, "milliseconds"> {
    const { documents, stockChanges, setAside, articleFates, prices, different, events } = this;
    return { documents, stockChanges, setAside, articles: articleFates, prices, different, events };
  }

  /** First the articles: whoever reads of a sale then knows what was sold. */
  async articles(): Promise<void> {
    const { articles } = this.plan;
    await this.each(articles, "articles", articles.length, async (article) => {
      this.countArticle(article, await importArticle(article, this));
      return 1;
    });
  }

  /** Then what happened, in the order of its time; a few hundred commands are under way at once. */
  async happenings(): Promise<void> {
    const all = happenings(this.plan);
    const lines = all.reduce((sum, happening) => sum + linesOf(happening), 0);
    await this.each(all, "documents", lines, async (happening) => {
      if (happening.kind === "document") await this.document(happening);
      else await this.stockChange(happening);
      return linesOf(happening);
    });
  }

  async misfits(): Promise<void> {
    const now = new Date().toISOString() as Timestamp;
    await inFlight(
      this.plan.misfits,
      this.concurrency,
      async (misfit) => {
        const { aggregate, id, command, context } = asideSending(misfit, now);
        this.setAside.count(await this.send(aggregate, id, command, context));
      },
      this.options.signal,
    );
  }

  async send(...command: Parameters<Execute>): Promise<Effect> {
    const effect = await this.attempt(...command);
    if (effect instanceof DomainError) {
      const [{ category }, id] = command;
      throw new ImportRefused(`${category}-${id} could not be imported: ${effect.message}`);
    }
    return effect;
  }

  async attempt(...command: Parameters<Execute>): Promise<Effect | DomainError> {
    const outcome = await this.options.execute(...command);
    if (outcome instanceof DomainError) return outcome;
    if (outcome.events.length === 0) return "nothing";
    // An append that the log knows by its events' ids is answered with the place where they have been all along.
    if (outcome.repeated || outcome.position <= this.before) return "known";
    this.events += outcome.events.length;
    return "new";
  }

  private async document({ document }: Extract<Happening, { kind: "document" }>): Promise<void> {
    const { aggregate, id, command, context } = documentSending(this.plan.table, document);
    const effect = await this.send(aggregate, id, command, context);
    this.documents.count(effect);
    if (effect === "nothing") this.different.push(document.number);
  }

  private async stockChange({ change }: Extract<Happening, { kind: "stock" }>): Promise<void> {
    const { aggregate, id, command, context } = stockSending(this.plan.table, change);
    this.stockChanges.count(await this.send(aggregate, id, command, context));
  }

  private countArticle({ prices }: Article, { fate, newPrices }: ArticleResult): void {
    this.articleFates[fate]++;
    this.prices.new += newPrices;
    this.prices.known += prices.length - newPrices;
  }

  private async each<T>(
    items: readonly T[],
    phase: ImportProgress["phase"],
    total: number,
    task: (item: T) => Promise<number>,
  ): Promise<void> {
    const { progress, signal } = this.options;
    let done = 0;
    progress?.({ phase, done, total });
    const tell = async (item: T): Promise<void> => {
      done += await task(item);
      progress?.({ phase, done, total });
    };
    await inFlight(items, this.concurrency, tell, signal);
  }
}

class Tally {
  new = 0;
  known = 0;
  different = 0;

  count(effect: Effect): void {
    this[effect === "nothing" ? "different" : effect]++;
  }
}

const linesOf = (happening: Happening): number => (happening.kind === "document" ? happening.document.lines.length : 1);
