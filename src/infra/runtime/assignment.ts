/** Something that one worker at a time works on. */
export interface Unit {
  readonly key: string;
  /** Units of the same group are partitions of one read model: they too are spread. */
  readonly group: string;
  /** Workers that could do it. */
  readonly candidates: readonly string[];
  /** Who does it now. */
  readonly holder: string | undefined;
}

/** Each unit's worker. */
export type Assignment = ReadonlyMap<string, string>;

/** A group that lies unevenly weighs more than work that does: it is what is divided to be spread. */
const GROUP_WEIGHT = 2;

/**
 * Spreads units over workers as evenly as they can take them, and moves as few as that needs: those that are held stay
 * where they are unless another worker has two fewer. Every worker reckons it by itself and comes to the same.
 */
export function assign(units: readonly Unit[]): Assignment {
  const sorted = [...units].sort((a, b) => (a.key < b.key ? -1 : 1));
  const loads = new Loads();
  const assigned = new Map<string, string>();
  const open: Unit[] = [];
  for (const unit of sorted) {
    const { key, holder, candidates } = unit;
    if (holder === undefined) open.push(unit);
    // Held by somebody who is no candidate (any more): it is his until he gives it back.
    else if (!candidates.includes(holder)) assigned.set(key, holder);
    else give(unit, holder);
  }
  for (const unit of open) {
    const [best] = [...unit.candidates].sort((a, b) => loads.cost(unit, a) - loads.cost(unit, b) || (a < b ? -1 : 1));
    if (best !== undefined) give(unit, best);
  }
  for (let move = bestMove(); move; move = bestMove()) {
    loads.add(move.unit, move.from, -1);
    give(move.unit, move.to);
  }
  return assigned;

  function give(unit: Unit, owner: string): void {
    assigned.set(unit.key, owner);
    loads.add(unit, owner, 1);
  }

  function bestMove(): { readonly unit: Unit; readonly from: string; readonly to: string } | undefined {
    let best: { unit: Unit; from: string; to: string; gain: number } | undefined;
    for (const unit of sorted) {
      const from = assigned.get(unit.key);
      if (from === undefined || !unit.candidates.includes(from)) continue;
      for (const to of unit.candidates) {
        if (to === from) continue;
        const gain = loads.cost(unit, from, -1) - loads.cost(unit, to);
        if (gain > 0 && gain > (best?.gain ?? 0)) best = { unit, from, to, gain };
      }
    }
    return best;
  }
}

/** How much each worker has; unevenness is reckoned in squares, so that every move towards evenness is a gain. */
class Loads {
  private readonly all = new Map<string, number>();
  private readonly groups = new Map<string, number>();

  add({ group }: Unit, owner: string, by: 1 | -1): void {
    const key = groupKey(group, owner);
    this.all.set(owner, (this.all.get(owner) ?? 0) + by);
    this.groups.set(key, (this.groups.get(key) ?? 0) + by);
  }

  /** What it adds to the unevenness that the worker has the unit; `without`: reckoned as if it had it not yet. */
  cost({ group }: Unit, owner: string, without: 0 | -1 = 0): number {
    const load = (this.all.get(owner) ?? 0) + without;
    const ofGroup = (this.groups.get(groupKey(group, owner)) ?? 0) + without;
    return 2 * load + 1 + GROUP_WEIGHT * (2 * ofGroup + 1);
  }
}

const groupKey = (group: string, owner: string): string => `${owner}\n${group}`;
