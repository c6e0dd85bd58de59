import { z } from "zod";
import { defineEvents, type EventsOf } from "../kernel";

/** What stands for a person in the log: random, and led back to them by the database of keys alone. */
export const subject = z.string().regex(/^[0-9a-f]{20}$/, "20 hexadecimal digits");

export const privacyEvents = defineEvents("forgetting", {
  /**
   * A person's data is no longer to be read by anybody: their key is destroyed. Who asked, when and why stands in the
   * metadata, as with every event; the person is named by what stands for them alone, which leads nowhere any more.
   */
  PersonForgotten: { version: 1, schema: z.strictObject({ person: subject }) },
});
export type PrivacyEvent = EventsOf<typeof privacyEvents>;
