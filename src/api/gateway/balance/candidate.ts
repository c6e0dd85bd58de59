/** One instance as the choice between several sees it. */
export interface Candidate {
  /** Stays the same while the instance lives. */
  readonly id: string;
  /** Its share of the work beside others' weights; 0: none. */
  readonly weight: number;
  readonly zone: string | undefined;
  /** Requests that it works on for this gateway. */
  readonly inFlight: number;
}

/** The zone of one's own serves alone while this share of its instances can. */
const ZONE_SHARE = 0.7;

/**
 * Those of the usable instances that should get the work: the gateway's own zone, unless so many of its instances are
 * out that the rest would be swamped.
 * @param all every instance of the service, usable or not
 */
export function inZone<C extends Candidate>(
  usable: readonly C[],
  all: readonly Candidate[],
  zone: string | undefined,
): readonly C[] {
  if (zone === undefined) return usable;
  const near = usable.filter((each) => each.zone === zone);
  if (near.length === 0 || near.length === usable.length) return usable;
  const ours = all.filter((each) => each.zone === zone).length;
  return near.length >= ours * ZONE_SHARE ? near : usable;
}
