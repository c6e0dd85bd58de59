import { type Recorded } from "../../domains/kernel";

/** An event in a tree of causes. */
export interface Caused {
  readonly event: Recorded;
  /** Id of the event that led to it; `null`: it was asked for from outside, or its cause is not among the events. */
  readonly causedBy: string | null;
  /** 0: nothing here led to it. */
  readonly depth: number;
}

/**
 * Puts events into the order of a tree: each after what led to it and before what that led to next. Those that nothing
 * here led to come by their place in the log, as do those of one cause.
 */
export function causalTree(events: readonly Recorded[]): readonly Caused[] {
  const ordered = [...events].sort((a, b) => (a.position < b.position ? -1 : 1));
  const parents = parentsOf(ordered);
  const children = new Map<string | null, Recorded[]>();
  for (const event of ordered) {
    const parent = parents.get(event.id) ?? null;
    children.set(parent, [...(children.get(parent) ?? []), event]);
  }
  const tree: Caused[] = [];
  // A stack instead of recursion: a process may go on for long.
  const open: Caused[] = placed(children.get(null), null, 0);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    tree.push(next);
    open.push(...placed(children.get(next.event.id), next.event.id, next.depth + 1));
  }
  return tree;
}

/** What led to an event, from the first cause to the last; without itself. */
export function causesOf(tree: readonly Caused[], id: string): readonly Caused[] {
  const byId = new Map(tree.map((each) => [each.event.id, each]));
  const causes: Caused[] = [];
  for (let at = byId.get(id)?.causedBy ?? null; at !== null; at = causes[0]?.causedBy ?? null) {
    const cause = byId.get(at);
    if (!cause) break;
    causes.unshift(cause);
  }
  return causes;
}

/** What an event led to, in the order of the tree; `depth` counts from the event. */
export function effectsOf(tree: readonly Caused[], id: string): readonly Caused[] {
  const start = tree.findIndex(({ event }) => event.id === id);
  const own = tree[start];
  if (!own) return [];
  const after = tree.slice(start + 1);
  const end = after.findIndex(({ depth }) => depth <= own.depth);
  const below = end < 0 ? after : after.slice(0, end);
  return below.map((each) => ({ ...each, depth: each.depth - own.depth }));
}

/** An event names the event that led to it, or the command: then that is the first event of that command. */
function parentsOf(ordered: readonly Recorded[]): ReadonlyMap<string, string> {
  const known = new Map<string, Recorded>();
  const parents = new Map<string, string>();
  for (const event of ordered) {
    const { commandId, causationId } = event.metadata;
    // Only what came before can have led to it, so that there are no rings.
    const cause = causationId === commandId ? undefined : known.get(causationId);
    if (cause) parents.set(event.id, cause.id);
    known.set(event.id, event);
    if (!known.has(commandId)) known.set(commandId, event);
  }
  return parents;
}

/** The last on top of the stack is to come first. */
const placed = (events: readonly Recorded[] = [], causedBy: string | null, depth: number): Caused[] =>
  events.map((event) => ({ event, causedBy, depth })).reverse();
