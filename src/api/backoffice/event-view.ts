import { z } from "zod";
import { type Recorded } from "../../domains/kernel";

/** Whatever JSON object an event or a state is. */
export const json = z.custom<object>().meta({ type: "object" });

/** An event with who, when and why. */
export const eventSchema = z
  .object({
    revision: z.int(),
    position: z.string().describe("Its place in the log."),
    type: z.string(),
    data: json,
    who: z.string().describe("`key:<name>`, `shopper:<id>`, `process:<name>`, `import:<source>`."),
    when: z.object({
      occurredAt: z.string().describe("In the business."),
      recordedAt: z.string().describe("When the log took it."),
    }),
    why: z.object({
      reason: z.string().nullable().describe("In a person's words, or the code of the shop's own decision."),
      commandId: z.string(),
      causationId: z.string().describe("The command or event that directly led to it."),
      correlationId: z.string().describe("One for all that followed from one request."),
    }),
    id: z.string(),
  })
  .meta({ id: "Event" });
export type EventView = z.output<typeof eventSchema>;

export function eventView({ id, revision, position, type, data, metadata, recordedAt }: Recorded): EventView {
  const { actor, occurredAt, commandId, causationId, correlationId } = metadata;
  const own = (data as { readonly reason?: unknown }).reason;
  const reason = metadata.reason ?? (typeof own === "string" ? own : null);
  return {
    revision,
    position: position.toString(),
    type,
    data: withoutSecrets(data) as object,
    who: actor,
    when: { occurredAt, recordedAt },
    why: { reason, commandId, causationId, correlationId },
    id,
  };
}

/** A payment token stands for a shopper's card: it is nobody's to read. */
const SECRET = "token";
const HIDDEN = "(hidden)";

/** The same JSON without what nobody may read. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, key === SECRET ? HIDDEN : withoutSecrets(entry)]),
  );
}
