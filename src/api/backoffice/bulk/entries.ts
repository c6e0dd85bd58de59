import { z } from "zod";
import { DomainError } from "../../../domains/kernel";
import { type CommandContext, deriveId } from "../../../infra/runtime";
import { ok, problemOf, Problem } from "../../http";
import { fieldErrors } from "../../http/validation";
import { type Services } from "../../services";

/** Entries that one request may have. */
const MOST_ENTRIES = 1_000;
/** Aggregates worked on at once. */
const AT_ONCE = 64;

/** Larger than other bodies: a thousand products with their texts. */
export const BULK_BODY_LIMIT = 8 * 1024 * 1024;

const resultSchema = z.object({
  index: z.int().describe("Of the entry, from 0."),
  status: z.enum(["accepted", "refused"]),
  id: z.string().optional(),
  sku: z.string().optional(),
  revision: z.int().optional(),
  problem: z.custom<object>().meta({ type: "object" }).describe("Problem details, as a single command has them.").optional(), // prettier-ignore
});
export type EntryResult = z.output<typeof resultSchema>;

export const bulkSchema = z
  .object({ accepted: z.int(), refused: z.int(), results: z.array(resultSchema).describe("In the order sent.") })
  .meta({ id: "BulkResult" });

/**
 * A body of entries. Each is checked on its own, so that one at fault does not hold up the others; the documentation
 * shows what each must be.
 */
export function entriesOf(entry: z.ZodType) {
  const { $schema: _, ...shape } = z.toJSONSchema(entry, { io: "input", unrepresentable: "any" });
  return z.strictObject({ entries: z.array(z.unknown().meta(shape)).min(1).max(MOST_ENTRIES) });
}

/** What an accepted entry comes to. */
export interface Done {
  readonly revision: number;
  readonly position: bigint;
}

export interface Bulk<Entry> {
  readonly entry: z.ZodType<Entry>;
  /** What the entry is about; also named in its result. */
  names(entry: Entry, context: CommandContext): { readonly id?: string; readonly sku?: string };
  /** Entries of one aggregate are run one after another, in their order. */
  aggregate(entry: Entry, context: CommandContext): string;
  run(entry: Entry, context: CommandContext): Promise<Done | DomainError>;
}

interface Job<Entry> {
  readonly index: number;
  readonly entry: Entry;
  readonly context: CommandContext;
}

/** Runs every entry as a command of its own, whose id derives from the request's and its index. */
export async function runBulk<Entry>(
  services: Services,
  bulk: Bulk<Entry>,
  body: { readonly entries: readonly unknown[] },
  around: CommandContext,
) {
  const reused = await services.reserveKey(around);
  if (reused) return reused;
  const { expectedRevision: _, ...shared } = around;
  const results: EntryResult[] = [];
  const queues = new Map<string, Job<Entry>[]>();
  for (const [index, raw] of body.entries.entries()) {
    const parsed = bulk.entry.safeParse(raw);
    if (!parsed.success) {
      results[index] = refused(index, invalidEntry(parsed.error, body, index));
      continue;
    }
    const context = { ...shared, commandId: deriveId("entry", around.commandId, index) };
    const key = bulk.aggregate(parsed.data, context);
    const queue = queues.get(key);
    const job = { index, entry: parsed.data, context };
    if (queue) queue.push(job);
    else queues.set(key, [job]);
  }
  let reached = -1n;
  const runOne = async ({ index, entry, context }: Job<Entry>) => {
    const names = bulk.names(entry, context);
    try {
      const outcome = await services.together(context, () => bulk.run(entry, context));
      if (outcome instanceof DomainError) results[index] = { ...refused(index, outcome), ...names };
      else {
        if (outcome.position > reached) reached = outcome.position;
        results[index] = { index, status: "accepted", ...names, revision: outcome.revision };
      }
    } catch (error) {
      results[index] = { ...refused(index, error), ...names };
    }
  };
  await eachOf([...queues.values()], async (jobs) => {
    for (const job of jobs) await runOne(job);
  });
  const accepted = results.filter(({ status }) => status === "accepted").length;
  const answer = { accepted, refused: results.length - accepted, results };
  return ok(answer, reached < 0n ? {} : { token: reached });
}

/** Works through the list, some of it at once. */
async function eachOf<T>(list: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = list.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, worker));
}

const refused = (index: number, error: unknown): EntryResult => ({
  index,
  status: "refused",
  problem: problemOf(error).document(),
});

function invalidEntry({ issues }: z.ZodError, body: object, index: number): Problem {
  const errors = fieldErrors(issues, body, ["entries", index]);
  const first = errors[0];
  const detail = `The entry cannot be accepted: "${first?.path ?? ""}" ${first?.message ?? "is invalid"}.`;
  return new Problem(422, "invalid-body", detail, { errors: errors.map((error) => ({ ...error, in: "body" })) });
}
