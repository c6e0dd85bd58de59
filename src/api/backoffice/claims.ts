import { category, claim, claimKey, hasVariant, product } from "../../domains/catalog";
import { conflict, DomainError, millis, type Sku, type Slug, type Timestamp } from "../../domains/kernel";
import { type CommandContext, newId } from "../../infra/runtime";
import { type CommandPort, stateOf } from "./command-port";

/** What can be claimed; each is unique in the shop within its kind. */
export type Name =
  | { readonly kind: "sku"; readonly value: Sku }
  | { readonly kind: "slug"; readonly value: Slug }
  | { readonly kind: "categorySlug"; readonly value: Slug };

/**
 * A claim that its owner does not use may be taken over when it is this old, in ms: longer than a command can be under
 * way (an append is given up after some 50 s). Until then the owner is taken to be still at work.
 */
const ABANDONED_AFTER = 60_000;
/** An owner that took longer than this between claiming and using, in ms, makes sure afterwards. */
const CERTAIN_FOR = 10_000;

/** Names that have been claimed for one owner, on the way to being used. */
export interface Taken {
  /** Whether one of them may have been taken over by now: claimed long ago, or before this. */
  doubtful(): boolean;
  /** Gives up those claimed just now that are not in use after all. */
  release(): Promise<void>;
}

/**
 * Claims names for products and categories. Each name is claimed before it is used and released after it was given up.
 * A crash in between leaves a claim that nobody uses; another owner may take it over, after having looked at the stream
 * of the one it belongs to. Both then look again: the one that takes over after the claim is its own, the one that was
 * slow after it has used the name. So at least one of them sees the other, and no name is used twice.
 */
export class Claims {
  constructor(
    private readonly port: CommandPort,
    private readonly now: () => Timestamp,
  ) {}

  /** Claims all of the names, or none. */
  async take(names: readonly Name[], owner: string, context: CommandContext): Promise<Taken | DomainError> {
    const since = millis(this.now());
    const answers = await Promise.all(names.map((name) => this.takeOne(name, owner, context)));
    const fresh = names.filter((_, index) => answers[index] === "new");
    const taken: Taken = {
      doubtful: () => fresh.length < names.length || millis(this.now()) - since > CERTAIN_FOR,
      release: () => this.release(fresh, owner, context),
    };
    const refusal = answers.find((answer) => answer instanceof DomainError);
    if (refusal === undefined) return taken;
    await taken.release();
    return refusal;
  }

  /** Gives up those of the names that the owner does not use. */
  async release(names: readonly Name[], owner: string, context: CommandContext): Promise<void> {
    const give = async (name: Name) => {
      if (await this.uses(name, owner)) return;
      const command = { type: "Release", at: this.now(), key: keyOf(name), owner } as const;
      await this.port.execute(claim, keyOf(name), command, inner(context));
    };
    await Promise.all(names.map(give));
  }

  private async takeOne(name: Name, owner: string, context: CommandContext): Promise<"new" | "had" | DomainError> {
    const key = keyOf(name);
    const command = { type: "Claim", at: this.now(), key, owner } as const;
    const outcome = await this.port.execute(claim, key, command, { ...inner(context), assumeNew: true });
    if (!(outcome instanceof DomainError)) return outcome.events.length > 0 ? "new" : "had";
    const other = outcome.details["owner"];
    if (outcome.code !== "already-claimed" || typeof other !== "string") return outcome;
    return (await this.takeOver(name, owner, other, context)) ? "new" : taken(name, other);
  }

  /** Whether the name could be had from an owner that does not use it. */
  private async takeOver(name: Name, owner: string, from: string, context: CommandContext): Promise<boolean> {
    if (!(await this.isAbandoned(name, from))) return false;
    const key = keyOf(name);
    const swap = (to: string, of: string) => {
      const command = { type: "TakeOver", at: this.now(), key, owner: to, from: of } as const;
      return this.port.execute(claim, key, command, inner(context));
    };
    if ((await swap(owner, from)) instanceof DomainError) return false;
    if (!(await this.uses(name, from))) return true;
    await swap(from, owner);
    return false;
  }

  private async isAbandoned(name: Name, owner: string): Promise<boolean> {
    if (await this.uses(name, owner)) return false;
    let claimedAt = Infinity;
    for await (const { recordedAt } of this.port.history(`claim-${keyOf(name)}`)) claimedAt = millis(recordedAt);
    return millis(this.now()) - claimedAt > ABANDONED_AFTER;
  }

  /** Whether the owner's own stream says that the name is its. */
  private async uses({ kind, value }: Name, owner: string): Promise<boolean> {
    switch (kind) {
      case "sku": {
        const state = await stateOf(this.port, product, owner);
        return state.status !== "absent" && hasVariant(state, value);
      }
      case "slug": {
        const state = await stateOf(this.port, product, owner);
        return state.status !== "absent" && state.slug === value;
      }
      case "categorySlug": {
        const state = await stateOf(this.port, category, owner);
        return state.status === "present" && state.slug === value;
      }
    }
  }
}

/** The id of the name's claim. */
export const keyOf = ({ kind, value }: Name): string => claimKey[kind](value);

/**
 * Around a claim: a new id each time, since claiming again is harmless, whereas a repeated answer could tell of a claim
 * that has been released meanwhile.
 */
function inner({ commandId, correlationId, actor, traceparent }: CommandContext): CommandContext {
  const trace = traceparent === undefined ? {} : { traceparent };
  return { commandId: newId(), causationId: commandId, correlationId, actor, ...trace };
}

function taken({ kind, value }: Name, owner: string): DomainError {
  switch (kind) {
    case "sku":
      return conflict("sku-taken", `The SKU ${value} belongs to another product.`, { sku: value, productId: owner });
    case "slug":
      return conflict("slug-taken", `The slug ${value} belongs to another product.`, {
        field: "slug",
        slug: value,
        productId: owner,
      });
    case "categorySlug":
      return conflict("slug-taken", `The slug ${value} belongs to another category.`, {
        field: "slug",
        slug: value,
        categoryId: owner,
      });
  }
}
