import { type Aggregate, type EventCatalogue, type Feed, type ProcessManager, type Projection } from "../domains/kernel"; // prettier-ignore
import { type CommandCause, type Reaction } from "../infra/runtime";

/* The engine holds parts of every context side by side, so their own types are forgotten here and only here. */
/* eslint-disable @typescript-eslint/no-explicit-any */
export type AnyAggregate = Aggregate<any, any, any>;
export type AnyProjection = Projection<any, any>;
export type AnyFeed = Feed<any>;
export type AnyProcess = ProcessManager<any, any, any>;
/* eslint-enable @typescript-eslint/no-explicit-any */

/** Everything one bounded context brings. */
export interface Context {
  readonly name: string;
  readonly events: EventCatalogue;
  readonly aggregates: readonly AnyAggregate[];
  readonly projections: readonly AnyProjection[];
  readonly feeds: readonly AnyFeed[];
  readonly processes: readonly AnyProcess[];
  /** Categories of other contexts whose aggregates it commands: the only foreign streams that it may append to. */
  readonly commands?: readonly string[];
  /** What the context does outside the shop; built with the engine's means of sending commands. */
  readonly reactions: (send: SendCommand, forget: Forget, forgetAnswers: Forget) => readonly Reaction[];
  /** Its routes, processes or reactions show personal data, or act on it: they need the keys of people. */
  readonly personal?: true;
}

/** Destroys the key of a person and drops what is kept of them in the clear; the second time there is nothing to do. */
export type Forget = (subject: string) => Promise<void>;

/** Sends a command from within the shop; resolves with what became of it. */
export type SendCommand = (
  category: string,
  id: string,
  command: { readonly type: string } & Readonly<Record<string, unknown>>,
  cause: CommandCause,
) => Promise<
  { readonly accepted: true } | { readonly accepted: false; readonly code: string; readonly message: string }
>;

/** The event types of all contexts together. @throws when two contexts define the same type */
export function catalogueOf(contexts: readonly Context[]): EventCatalogue {
  const all: Record<string, EventCatalogue[string]> = {};
  for (const { name, events } of contexts)
    for (const [type, definition] of Object.entries(events)) {
      if (all[type]) throw new Error(`event type ${type} of ${name} is defined by another context too`);
      all[type] = definition;
    }
  return all;
}

/** The categories of streams that are the contexts' own, and those of others that they command. */
export const writableBy = (contexts: readonly Context[]): readonly string[] => [
  ...new Set([...categoriesOf(contexts), ...contexts.flatMap(({ commands = [] }) => commands)]),
];

export function categoriesOf(contexts: readonly Context[]): readonly string[] {
  return contexts.flatMap(({ aggregates, processes }) => [
    ...aggregates.map(({ category }) => category),
    ...processes.map(({ category }) => category),
  ]);
}

/** Something that is worked on for a context, as it is named and what it listens to. */
export interface Work {
  readonly context: string;
  readonly name: string;
  readonly events: readonly string[];
}

/** Work is named by its full name (`storefront.products`), its bare name or its whole context. */
export const isNamed = (names: readonly string[], { context, name }: Pick<Work, "context" | "name">): boolean =>
  [context, name, `${context}.${name}`].some((each) => names.includes(each));

/** What acts upon what it hears. */
export interface Acting extends Work {
  readonly kind: "process" | "reaction";
}

/** Processes and reactions. */
export const actingOf = ({ processes, reactions }: Context): readonly Acting[] => [
  ...processes.map((process) => ({ ...process, kind: "process" as const })),
  ...reactions(notRunning, notRunning, notRunning).map((reaction) => ({ ...reaction, kind: "reaction" as const })),
];

/** All that is worked on: read models, feeds, processes and reactions. */
export const worksOf = (context: Context): readonly Work[] => [
  ...context.projections,
  ...context.feeds,
  ...actingOf(context),
];

const notRunning = () => Promise.reject(new Error("not running"));
