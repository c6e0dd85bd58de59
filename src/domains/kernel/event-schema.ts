import { z } from "zod";
import { type EventDefinition } from "./events";

/** A JSON Schema. */
export type EventSchema = { readonly [key: string]: unknown };

/** What the data of an event is, as a JSON Schema for readers in whatever language; of draft 2020-12 when not told. */
export function eventSchema({ schema }: EventDefinition, target: "draft-2020-12" | "draft-7" = "draft-2020-12") {
  const options = { io: "output", unrepresentable: "any", target } as const;
  const { $schema: _, ...whole } = z.toJSONSchema(schema, options) as EventSchema;
  return whole as EventSchema;
}
