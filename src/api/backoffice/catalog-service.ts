import {
  type Attributes,
  category,
  type CategoryCommand,
  type CategoryEvent,
  type CategoryState,
  type Media,
  product,
  type ProductCommand,
  type ProductEvent,
  type ProductState,
  type Variant,
} from "../../domains/catalog";
import {
  type Aggregate,
  type CategoryId,
  conflict,
  DomainError,
  type DomainEvent,
  type ProductId,
  type Sku,
  type Slug,
  type Timestamp,
} from "../../domains/kernel";
import { type Accepted, type CommandContext, deriveId } from "../../infra/runtime";
import { Claims, type Name } from "./claims";
import { type CommandPort, executeUnless, firstAnswer } from "./command-port";

export interface NewProduct {
  readonly title: string;
  readonly description: string;
  readonly slug: Slug;
  readonly taxCategory: string;
  readonly categories: readonly CategoryId[];
  readonly media: readonly Media[];
  readonly attributes: Attributes;
  readonly variants: readonly Variant[];
}

export interface NewCategory {
  readonly name: string;
  readonly slug: Slug;
  readonly parentId: CategoryId | null;
  readonly position: number;
}

export interface CreateOptions<Id extends string> {
  /** Derived from the command's id when absent. */
  readonly id?: Id;
  /** Nothing of this is expected to be there: saves looking. What is there after all is found all the same. */
  readonly assumeNew?: boolean;
}

export type ProductOutcome = Accepted<ProductEvent, ProductState> | DomainError;
export type CategoryOutcome = Accepted<CategoryEvent, CategoryState> | DomainError;

/** A fact from outside that speaks against a command. */
export type Objection = () => Promise<DomainError | undefined>;

/** One command that needs names to itself. */
interface Naming<C, E extends DomainEvent, S> {
  readonly aggregate: Aggregate<C, E, S>;
  readonly id: string;
  readonly command: C;
  readonly names: readonly Name[];
  /** The command that takes back what was done, should another owner have the names after all. */
  undo(outcome: Accepted<E, S>): C;
  /** Names that are free after the command. */
  given?(outcome: Accepted<E, S>): readonly Name[];
  readonly objection?: Objection | undefined;
}

/** The id of a product or category made by a command. */
export const newIdFor = <Id extends string>(what: "product" | "category", { commandId }: CommandContext): Id =>
  deriveId(what, commandId) as Id;

/**
 * Commands of products and categories whose SKUs and slugs must be theirs alone. Names are claimed first, then the
 * command is executed, then what it gave up is released; what is claimed for a command that is refused is given back.
 */
export class CatalogService {
  private readonly claims: Claims;

  constructor(
    private readonly port: CommandPort,
    private readonly now: () => Timestamp = () => new Date().toISOString() as Timestamp,
  ) {
    this.claims = new Claims(port, now);
  }

  /** A new product, as a draft. The same command again gives the same product. */
  createProduct(
    content: NewProduct,
    context: CommandContext,
    { id, assumeNew, objection }: CreateOptions<ProductId> & { readonly objection?: Objection } = {},
  ): Promise<ProductOutcome> {
    const productId = id ?? newIdFor<ProductId>("product", context);
    const at = this.now();
    const command: ProductCommand = { type: "DraftProduct", at, productId, ...content };
    const skus = new Set(content.variants.map((variant) => variant.sku));
    return this.named(
      {
        aggregate: product,
        id: productId,
        command,
        names: [...[...skus].map(skuOf), slugOf(content.slug)],
        undo: (): ProductCommand => ({ type: "DiscontinueProduct", at: this.now(), productId }),
        objection,
      },
      assumeNew === true ? { ...context, assumeNew } : context,
    );
  }

  changeProductSlug(productId: ProductId, slug: Slug, context: CommandContext): Promise<ProductOutcome> {
    const previous = ({ events }: Accepted<ProductEvent>): Slug | undefined =>
      events.find((event) => event.type === "ProductSlugChanged")?.data.previousSlug;
    const change = (to: Slug): ProductCommand => ({ type: "ChangeProductSlug", at: this.now(), productId, slug: to });
    return this.named(
      {
        aggregate: product,
        id: productId,
        command: change(slug),
        names: [slugOf(slug)],
        undo: (outcome) => change(previous(outcome) ?? slug),
        given: (outcome) => [previous(outcome)].filter((each) => each !== undefined).map(slugOf),
      },
      context,
    );
  }

  addVariant(productId: ProductId, variant: Variant, context: CommandContext): Promise<ProductOutcome> {
    return this.named(
      {
        aggregate: product,
        id: productId,
        command: { type: "AddVariant", at: this.now(), productId, variant },
        names: [skuOf(variant.sku)],
        undo: (): ProductCommand => ({ type: "RemoveVariant", at: this.now(), productId, sku: variant.sku }),
      },
      context,
    );
  }

  removeVariant(productId: ProductId, sku: Sku, context: CommandContext): Promise<ProductOutcome> {
    const command: ProductCommand = { type: "RemoveVariant", at: this.now(), productId, sku };
    return this.giving(product, productId, command, [skuOf(sku)], context);
  }

  createCategory(
    content: NewCategory,
    context: CommandContext,
    { id, assumeNew, objection }: CreateOptions<CategoryId> & { readonly objection?: Objection } = {},
  ): Promise<CategoryOutcome> {
    const categoryId = id ?? newIdFor<CategoryId>("category", context);
    return this.named(
      {
        aggregate: category,
        id: categoryId,
        command: { type: "CreateCategory", at: this.now(), categoryId, ...content },
        names: [categorySlugOf(content.slug)],
        undo: (): CategoryCommand => ({ type: "RemoveCategory", at: this.now(), categoryId, hasChildren: false }),
        objection,
      },
      assumeNew === true ? { ...context, assumeNew } : context,
    );
  }

  changeCategorySlug(categoryId: CategoryId, slug: Slug, context: CommandContext): Promise<CategoryOutcome> {
    const previous = ({ events }: Accepted<CategoryEvent>): Slug | undefined =>
      events.find((event) => event.type === "CategorySlugChanged")?.data.previousSlug;
    const change = (to: Slug): CategoryCommand => ({
      type: "ChangeCategorySlug",
      at: this.now(),
      categoryId,
      slug: to,
    });
    return this.named(
      {
        aggregate: category,
        id: categoryId,
        command: change(slug),
        names: [categorySlugOf(slug)],
        undo: (outcome) => change(previous(outcome) ?? slug),
        given: (outcome) => [previous(outcome)].filter((each) => each !== undefined).map(categorySlugOf),
      },
      context,
    );
  }

  /** @param slug the category's present one, which is free afterwards */
  removeCategory(
    categoryId: CategoryId,
    slug: Slug | undefined,
    hasChildren: boolean,
    context: CommandContext,
  ): Promise<CategoryOutcome> {
    const command: CategoryCommand = { type: "RemoveCategory", at: this.now(), categoryId, hasChildren };
    const names = slug === undefined ? [] : [categorySlugOf(slug)];
    return this.giving(category, categoryId, command, names, context);
  }

  private async named<C, E extends DomainEvent, S>(
    naming: Naming<C, E, S>,
    context: CommandContext,
  ): Promise<Accepted<E, S> | DomainError> {
    const { aggregate, id, command, names } = naming;
    // A repeated command claims nothing: what was its own then may be another's now.
    const before = context.commandHash && (await firstAnswer(this.port, aggregate, id, context));
    if (before) return before;
    const taken = await this.claims.take(names, id, context);
    if (taken instanceof DomainError) return (await firstAnswer(this.port, aggregate, id, context)) ?? taken;
    const none = () => Promise.resolve(undefined);
    const objection = naming.objection ?? none;
    const outcome = await executeUnless(this.port, objection, aggregate, id, command, context);
    if (outcome instanceof DomainError || outcome.repeated) {
      await taken.release();
      return outcome;
    }
    if (outcome.events.length === 0) return outcome;
    if (taken.doubtful()) {
      const lost = await this.confirm(naming, outcome, context);
      if (lost) return lost;
    }
    await this.claims.release(naming.given?.(outcome) ?? [], id, context);
    return outcome;
  }

  /** Looks whether the names are still the owner's, now that it uses them; takes the command back where not. */
  private async confirm<C, E extends DomainEvent, S>(
    { aggregate, id, names, undo }: Naming<C, E, S>,
    outcome: Accepted<E, S>,
    context: CommandContext,
  ): Promise<DomainError | undefined> {
    const still = await this.claims.take(names, id, context);
    if (!(still instanceof DomainError)) return undefined;
    const { commandId, correlationId, actor } = context;
    const reason = "taken back: another owner has the name";
    const around = { commandId: deriveId(commandId, "undo"), causationId: commandId, correlationId, actor, reason };
    const undone = await this.port.execute(aggregate, id, undo(outcome), around);
    return undone instanceof DomainError ? conflict("name-lost", still.message, still.details) : still;
  }

  private async giving<C, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
    command: C,
    names: readonly Name[],
    context: CommandContext,
  ): Promise<Accepted<E, S> | DomainError> {
    const outcome = await this.port.execute(aggregate, id, command, context);
    if (!(outcome instanceof DomainError) && !outcome.repeated) await this.claims.release(names, id, context);
    return outcome;
  }
}

const skuOf = (value: Sku): Name => ({ kind: "sku", value });
const slugOf = (value: Slug): Name => ({ kind: "slug", value });
const categorySlugOf = (value: Slug): Name => ({ kind: "categorySlug", value });
