import { z } from "zod";
import { type Accepted, type CommandContext } from "../../infra/runtime";
import { type Role } from "../../infra/security";
import { type ReplyExtras, revisionEtag } from "../http";

/** What every route of the back office has in common. */

const tags = ["Back office"];

/** Who may read and change what. `admin` always may. */
const roles = {
  readCatalogue: ["catalogue", "stock", "support", "finance", "analyst", "integrator"],
  writeCatalogue: ["catalogue", "integrator"],
  readPrices: ["catalogue", "support", "finance", "analyst", "integrator"],
  writePrices: ["catalogue", "finance", "integrator"],
  readStock: ["stock", "catalogue", "support", "analyst", "integrator"],
  writeStock: ["stock", "integrator"],
  readOrders: ["support", "finance", "stock", "integrator"],
  writeOrders: ["support"],
  completeOrders: ["support", "stock", "integrator"],
  movePayments: ["finance"],
  readHistory: ["support", "finance", "operator"],
  forgetPeople: [],
} as const satisfies Record<string, readonly Role[]>;

/** For routes that read. */
export const reading = (who: keyof typeof roles) => ({ tags, security: { roles: roles[who] } }) as const;

/** A person's words on why something is done; kept with the events. */
export const changeReason = z.string().trim().min(1).max(500);

const reasonHeader = z.object({
  "change-reason": changeReason
    .transform(asUtf8)
    .describe("Why, in a person's words; kept with the events for those who ask later.")
    .optional(),
});

/** For routes that change something. */
export const changing = (who: keyof typeof roles) =>
  ({
    tags,
    security: { roles: roles[who] },
    headers: reasonHeader,
    heeds: ["Idempotency-Key", "If-Match"],
  }) as const;

/** For routes that make something new, of which nobody can know a revision. */
export const making = (who: keyof typeof roles) => ({ ...changing(who), heeds: ["Idempotency-Key"] }) as const;

/** The body of a command that says all by its address. */
export const reasonOnly = z.strictObject({ reason: changeReason.optional() }).optional();

interface Caller {
  readonly headers: z.output<typeof reasonHeader>;
  command(over?: Partial<CommandContext>): CommandContext;
}

/** What surrounds the request's command; the reason of the body goes before the one of the header. */
export function commandOf(caller: Caller, reasonOfBody?: string): CommandContext {
  const reason = reasonOfBody ?? caller.headers["change-reason"];
  return caller.command(reason === undefined ? {} : { reason });
}

/** The same for something new, which has no revision yet. */
export function newCommandOf(caller: Caller, reasonOfBody?: string): CommandContext {
  const { expectedRevision: _, ...context } = commandOf(caller, reasonOfBody);
  return context;
}

/** What an answer to a command carries: the revision to send as `If-Match`, and the token to read the change by. */
export const written = ({ revision, position }: Accepted): ReplyExtras => ({
  ...(revision >= 0 && { etag: revision }),
  ...(position >= 0n && { token: position }),
});

/**
 * The tag of a read whose content can change while the revision stays (a price that begins, an order's payment): for
 * `If-Match`, while `If-None-Match` does not heed it.
 */
export const tagged = (revision: number): ReplyExtras => ({ headers: { ETag: revisionEtag(revision) } });

/** A page of a list. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable(),
    total: z.int().describe("How many the filters find, on all pages together."),
  });

/** Header values arrive as Latin-1, whatever they were; UTF-8 is what people send. */
function asUtf8(text: string): string {
  const decoded = Buffer.from(text, "latin1").toString("utf8");
  return decoded.includes("\uFFFD") ? text : decoded;
}
