import { z } from "zod";
import {
  type EventCatalogue,
  type EventDefinition,
  type EventSchema,
  eventSchema,
  personalFields,
} from "../../domains/kernel";
import { type Prepared, prepare, raw, route, type Route } from "../http";

/** A bounded context as far as its events go. */
export interface EventSource {
  readonly name: string;
  readonly events: EventCatalogue;
}

interface Reference {
  readonly $ref: string;
}

interface Message {
  readonly name: string;
  readonly title: string;
  readonly contentType: "application/json";
  readonly headers: Reference;
  readonly payload: EventSchema;
  readonly correlationId: { readonly location: string };
  readonly tags: readonly { readonly name: string }[];
  /** The version of the payload's schema, as `schemaVersion` in the headers says it too. */
  readonly "x-schema-version": number;
  /** Fields of the payload that are stored sealed. */
  readonly "x-personal"?: readonly string[];
}

interface Channel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, { readonly description: string }>>;
  readonly messages: Readonly<Record<string, Reference>>;
  readonly tags: readonly { readonly name: string }[];
}

/** An AsyncAPI 3.0 document, as far as it is written here. */
export interface AsyncApi {
  readonly asyncapi: "3.0.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly defaultContentType: "application/json";
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly action: "send";
        readonly channel: Reference;
        readonly summary: string;
        readonly messages: readonly Reference[];
      }
    >
  >;
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>;
    readonly schemas: Readonly<Record<string, EventSchema>>;
  };
}

const DESCRIPTION =
  "The events that Millrace appends to EventStoreDB: one stream per aggregate, named `<category>-<id>`, each event with " +
  "JSON data (the payload) and JSON metadata (the headers). An event is never changed. A type whose data changes gets a " +
  "new version; events of older versions stay in the log, and `schemaVersion` in their metadata says which one they are. " +
  "Personal fields (`x-personal` of each message) are encrypted under a key of their person: in the log they are text " +
  "that begins with `sealed:1:` or `person:1:`, and objects have it under `sealed` beside their forgotten form.";

const text = (description: string, more: EventSchema = {}): EventSchema => ({ type: "string", description, ...more });

/** What every event carries beside its data. */
const METADATA: EventSchema = {
  type: "object",
  required: ["commandId", "correlationId", "causationId", "actor", "schemaVersion", "occurredAt"],
  properties: {
    commandId: text("The command that caused the event."),
    correlationId: text("One id over everything that follows from one request."),
    causationId: text("The event or command that directly led to this one."),
    actor: text("Who: `shopper:<id>`, `key:<name>`, `process:<name>`, `import:<source>`."),
    schemaVersion: { type: "integer", minimum: 1, description: "The version of the payload's schema." },
    occurredAt: text("When it happened in the business, UTC.", { format: "date-time" }),
    commandHash: text("Fingerprint of the command's content."),
    traceparent: text("W3C trace context."),
    reason: text("Why, in a person's words, where one was given."),
    person: text("Whose personal data the stream holds: a name that leads nowhere once the person is forgotten."),
  },
};

/** The events of all contexts as an AsyncAPI document: a channel for each category of streams. */
export function asyncApiDocument(sources: readonly EventSource[]): AsyncApi {
  const messages: Record<string, Message> = {};
  const schemas: Record<string, EventSchema> = { EventMetadata: METADATA };
  const channels: Record<string, Channel & { readonly messages: Record<string, Reference> }> = {};
  for (const { name: context, events } of sources)
    for (const [type, definition] of Object.entries(events)) {
      const { category } = definition;
      messages[type] = message(type, definition, context, schemas);
      channels[category] ??= channel(category, context);
      channels[category].messages[type] = { $ref: `#/components/messages/${type}` };
    }
  const operations = Object.entries(channels).map(([category, { messages: sent }]) => {
    const summary = `Appends to ${category}- streams`;
    const refer = Object.keys(sent).map((type) => ({ $ref: `#/channels/${category}/messages/${type}` }));
    const operation = {
      action: "send",
      channel: { $ref: `#/channels/${category}` },
      summary,
      messages: refer,
    } as const;
    return [`append-${category}`, operation] as const;
  });
  return {
    asyncapi: "3.0.0",
    info: { title: "Millrace events", version: "1", description: DESCRIPTION },
    defaultContentType: "application/json",
    channels,
    operations: Object.fromEntries(operations),
    components: { messages, schemas },
  };
}

function message(
  type: string,
  definition: EventDefinition,
  context: string,
  schemas: Record<string, EventSchema>,
): Message {
  const personal = personalFields(definition).map(({ path }) => path);
  return {
    name: type,
    title: type.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    contentType: "application/json",
    headers: { $ref: "#/components/schemas/EventMetadata" },
    payload: payload(type, definition, schemas),
    correlationId: { location: "$message.header#/correlationId" },
    tags: [{ name: context }],
    "x-schema-version": definition.version,
    ...(personal.length > 0 && { "x-personal": personal }),
  };
}

/** A payload is of draft 7, as AsyncAPI has it. What it defines for itself becomes a component. */
function payload(type: string, definition: EventDefinition, schemas: Record<string, EventSchema>): EventSchema {
  const { definitions, ...own } = eventSchema(definition, "draft-7");
  const moved = (schema: unknown): EventSchema =>
    JSON.parse(JSON.stringify(schema).replaceAll('"#/definitions/', `"#/components/schemas/${type}.`)) as EventSchema;
  for (const [name, schema] of Object.entries(definitions ?? {})) schemas[`${type}.${name}`] = moved(schema);
  return moved(own);
}

const channel = (category: string, context: string) => ({
  address: `${category}-{id}`,
  title: `${category} streams`,
  description: `One stream for each ${category}; context \`${context}\`.`,
  parameters: { id: { description: "All after the first `-` of the stream's name." } },
  messages: {},
  tags: [{ name: context }],
});

/** The event catalogue for programs. */
export function asyncApiRoutes(sources: readonly EventSource[]): readonly Route[] {
  let document: Prepared | undefined;
  return [
    route({
      method: "GET",
      path: "/asyncapi.json",
      operationId: "getAsyncApi",
      summary: "The events in the log as an AsyncAPI 3.0 document",
      tags: ["Documentation"],
      security: "public",
      heeds: ["If-None-Match"],
      responses: { 200: { description: "The document", schema: z.record(z.string(), z.unknown()) } },
      handler: () => raw((document ??= prepare(asyncApiDocument(sources)))),
    }),
  ];
}
