import { CatalogService, type NewProduct } from "../../../../src/api/backoffice/catalog-service";
import { stateOf } from "../../../../src/api/backoffice/command-port";
import { category, claim, claimKey, product } from "../../../../src/domains/catalog";
import {
  type CategoryId,
  DomainError,
  type ProductId,
  type Sku,
  type Slug,
  type Timestamp,
} from "../../../../src/domains/kernel";
import { type Accepted, type CommandContext, newId } from "../../../../src/infra/runtime";
import { MemoryPort } from "./memory-port";

let port: MemoryPort;
let catalog: CatalogService;

beforeEach(() => {
  port = new MemoryPort();
  catalog = new CatalogService(port, () => port.now() as Timestamp);
});

const around = (commandId = newId()): CommandContext => ({ commandId, correlationId: "c", actor: "key:test" });
const sku = (text: string) => text as Sku;
const slug = (text: string) => text as Slug;
const content = (over: { slug?: string; skus?: string[] } = {}): NewProduct => ({
  title: "Lantern",
  description: "",
  slug: slug(over.slug ?? "lantern"),
  taxCategory: "standard",
  categories: [],
  media: [],
  attributes: {},
  variants: (over.skus ?? ["L1"]).map((each) => ({ sku: sku(each), attributes: {} })),
});

const owner = async (key: string) => {
  const state = await stateOf(port, claim, key);
  return state.status === "claimed" ? state.owner : undefined;
};
const idOf = (outcome: Accepted | DomainError): ProductId => {
  if (outcome instanceof DomainError) throw new Error(outcome.message);
  return (outcome.state as { productId: ProductId }).productId;
};
const drafted = async (over?: Parameters<typeof content>[0]) =>
  idOf(await catalog.createProduct(content(over), around()));

/** Who uses the SKU or slug, by the products' own streams. */
const users = async (uses: (state: { slug: string; variants: readonly { sku: string }[] }) => boolean) => {
  const ids = [...port.streams.keys()].filter((name) => name.startsWith("product-")).map((name) => name.slice(8));
  const states = await Promise.all(ids.map((id) => stateOf(port, product, id)));
  return states.flatMap((state) =>
    state.status !== "absent" && state.status !== "discontinued" && uses(state) ? [state.productId] : [],
  );
};
const usersOfSku = (text: string) => users(({ variants }) => variants.some((variant) => variant.sku === text));

describe("creating a product", () => {
  it("claims its slug and every SKU", async () => {
    const id = await drafted({ skus: ["L1", "L2"] });
    expect(await stateOf(port, product, id)).toMatchObject({ status: "draft", slug: "lantern" });
    for (const key of [claimKey.sku("L1"), claimKey.sku("L2"), claimKey.slug("lantern")]) {
      expect(await owner(key)).toBe(id);
    }
  });

  it("is answered the same when it is repeated, and refused with other content", async () => {
    const context = { ...around(), commandHash: "one" };
    const first = await catalog.createProduct(content(), context);
    const again = await catalog.createProduct(content(), context);
    expect(idOf(again)).toBe(idOf(first));
    expect(again).toMatchObject({ repeated: true, revision: 0 });
    const other = await catalog.createProduct(content({ skus: ["L9"] }), { ...context, commandHash: "two" });
    expect(other).toMatchObject({ code: "idempotency-key-reused" });
    expect(await owner(claimKey.sku("L9"))).toBeUndefined();
  });

  it("is answered the same when its SKU has gone to another product since", async () => {
    const context = around();
    const id = idOf(await catalog.createProduct(content({ skus: ["L1", "L2"] }), context));
    await catalog.removeVariant(id, sku("L1"), around());
    const other = await drafted({ slug: "other", skus: ["L1"] });
    expect(idOf(await catalog.createProduct(content({ skus: ["L1", "L2"] }), context))).toBe(id);
    expect(await owner(claimKey.sku("L1"))).toBe(other);
  });

  it("is refused for a SKU or slug of another product, and claims nothing then", async () => {
    const id = await drafted();
    const bySku = await catalog.createProduct(content({ slug: "other", skus: ["L0", "L1"] }), around());
    expect(bySku).toMatchObject({ code: "sku-taken", details: { sku: "L1", productId: id } });
    const bySlug = await catalog.createProduct(content({ skus: ["L0"] }), around());
    expect(bySlug).toMatchObject({ code: "slug-taken", details: { slug: "lantern", productId: id } });
    expect(await owner(claimKey.sku("L0"))).toBeUndefined();
    expect(await owner(claimKey.slug("other"))).toBeUndefined();
  });

  it("gives back what was claimed when the product itself is refused", async () => {
    const twice = await catalog.createProduct(content({ skus: ["L1", "L1"] }), around());
    expect(twice).toMatchObject({ code: "duplicate-sku" });
    expect(await owner(claimKey.sku("L1"))).toBeUndefined();
    expect(await owner(claimKey.slug("lantern"))).toBeUndefined();
  });

  it("heeds an objection from outside, but not when it has been done before", async () => {
    const objection = () => Promise.resolve(new DomainError("invalid", "unknown-category", "No."));
    const context = around();
    expect(await catalog.createProduct(content(), context, { objection })).toMatchObject({ code: "unknown-category" });
    expect(await owner(claimKey.sku("L1"))).toBeUndefined();
    const first = await catalog.createProduct(content(), context);
    expect(idOf(await catalog.createProduct(content(), context, { objection }))).toBe(idOf(first));
  });
});

describe("a race for one name", () => {
  it("has one winner, however many take part", async () => {
    const attempts = Array.from({ length: 30 }, (_, n) => catalog.createProduct(content({ slug: `p-${n}` }), around()));
    const outcomes = await Promise.all(attempts);
    expect(outcomes.filter((outcome) => !(outcome instanceof DomainError))).toHaveLength(1);
    expect(outcomes.filter((outcome) => "code" in outcome && outcome.code === "sku-taken")).toHaveLength(29);
    const [winner, ...others] = await usersOfSku("L1");
    expect(others).toEqual([]);
    expect(await owner(claimKey.sku("L1"))).toBe(winner);
  });

  it("of two products that change to one slug has one winner", async () => {
    const a = await drafted({ slug: "a", skus: ["A"] });
    const b = await drafted({ slug: "b", skus: ["B"] });
    const [first, second] = await Promise.all([
      catalog.changeProductSlug(a, slug("best"), around()),
      catalog.changeProductSlug(b, slug("best"), around()),
    ]);
    expect([first, second].filter((outcome) => outcome instanceof DomainError)).toHaveLength(1);
    expect(await users((state) => state.slug === "best")).toHaveLength(1);
  });
});

describe("a claim left behind by a crash", () => {
  const crashBeforeDraft = async () => {
    port.before = (_, { type }) => {
      if (type === "DraftProduct") throw new Error("crash");
    };
    const context = around();
    await expect(catalog.createProduct(content(), context)).rejects.toThrow("crash");
    port.before = () => undefined;
    return context;
  };

  it("is taken up by the repeated command", async () => {
    const context = await crashBeforeDraft();
    const id = idOf(await catalog.createProduct(content(), context));
    expect(await owner(claimKey.sku("L1"))).toBe(id);
  });

  it("is respected while its owner may still be at work, and goes to another after that", async () => {
    await crashBeforeDraft();
    port.clock += 30_000;
    expect(await catalog.createProduct(content(), around())).toMatchObject({ code: "sku-taken" });
    port.clock += 31_000;
    const id = await drafted();
    expect(await owner(claimKey.sku("L1"))).toBe(id);
    expect(await owner(claimKey.slug("lantern"))).toBe(id);
  });

  it("is lost to its owner once another has it", async () => {
    const context = await crashBeforeDraft();
    port.clock += 61_000;
    const id = await drafted();
    expect(await catalog.createProduct(content(), context)).toMatchObject({ code: "sku-taken" });
    expect(await usersOfSku("L1")).toEqual([id]);
  });

  it("stays with a product that uses it, however old", async () => {
    const id = await drafted();
    port.clock += 10 * 365 * 86_400_000;
    expect(await catalog.createProduct(content({ slug: "x" }), around())).toMatchObject({ code: "sku-taken" });
    expect(await owner(claimKey.sku("L1"))).toBe(id);
  });

  /** A product is being made, and pauses between its claims and its draft for longer than anyone waits. */
  const slowlyDrafted = async () => {
    let wake: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (wake = resolve));
    let paused: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => (paused = resolve));
    port.before = (_, { type }) => {
      if (type !== "DraftProduct") return;
      port.before = () => undefined;
      paused();
      return gate;
    };
    const outcome = catalog.createProduct(content(), around());
    await asleep;
    port.clock += 61_000;
    return { wake, outcome };
  };

  /** Every step of the one that takes over, before which the slow one may wake up; and how far it gets meanwhile. */
  const moments = Array.from({ length: 12 }, (_, step) => [0, 1, 5, 200].map((turns) => [step, turns] as const)).flat();

  describe.each(["lantern", "other"])("is used by one product only, the other's slug being %s:", (otherSlug) => {
    it.each(moments)("a slow owner wakes before step %i for %i turns", async (step, turns) => {
      const slow = await slowlyDrafted();
      let steps = 0;
      port.before = async () => {
        if (steps++ !== step) return;
        slow.wake();
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      };
      const outcomes = [await catalog.createProduct(content({ slug: otherSlug }), around())];
      slow.wake();
      outcomes.push(await slow.outcome);
      const accepted = outcomes.filter((outcome) => !(outcome instanceof DomainError)).map(idOf);
      expect(await usersOfSku("L1")).toEqual(accepted);
      expect(accepted.length).toBeLessThanOrEqual(1);
      if (accepted.length === 1) expect(await owner(claimKey.sku("L1"))).toBe(accepted[0]);
    });
  });
});

describe("names of a product that is there", () => {
  it("change hands when they are given up", async () => {
    const id = await drafted({ skus: ["L1", "L2"] });
    await catalog.changeProductSlug(id, slug("lamp"), around());
    await catalog.removeVariant(id, sku("L2"), around());
    expect(await owner(claimKey.slug("lantern"))).toBeUndefined();
    expect(await owner(claimKey.sku("L2"))).toBeUndefined();
    const other = await drafted({ skus: ["L2"] });
    expect(await owner(claimKey.slug("lantern"))).toBe(other);
  });

  it("are not touched by a command that is refused", async () => {
    const id = await drafted();
    const stale = { ...around(), expectedRevision: 7 };
    expect(await catalog.changeProductSlug(id, slug("lamp"), stale)).toMatchObject({ code: "stale-revision" });
    expect(await owner(claimKey.slug("lamp"))).toBeUndefined();
    expect(await catalog.addVariant(id, { sku: sku("L1"), attributes: {} }, around())).toMatchObject({
      code: "duplicate-sku",
    });
    expect(await owner(claimKey.sku("L1"))).toBe(id);
    expect(await catalog.removeVariant(id, sku("L9"), around())).toMatchObject({ code: "variant-not-found" });
    expect(await catalog.addVariant(newId() as ProductId, { sku: sku("L5"), attributes: {} }, around())).toMatchObject({
      code: "product-not-found",
    });
    expect(await owner(claimKey.sku("L5"))).toBeUndefined();
  });

  it("stay with a discontinued product", async () => {
    const id = await drafted();
    await port.execute(
      product,
      id,
      { type: "DiscontinueProduct", at: port.now() as Timestamp, productId: id },
      around(),
    );
    port.clock += 61_000;
    expect(await catalog.createProduct(content(), around())).toMatchObject({ code: "sku-taken" });
  });
});

describe("categories", () => {
  const lamps = { name: "Lamps", slug: slug("lamps"), parentId: null, position: 0 };

  it("have their slugs to themselves until they give them up", async () => {
    const first = await catalog.createCategory(lamps, around());
    if (first instanceof DomainError) throw new Error(first.message);
    const id = (first.events[0]?.data as { categoryId: CategoryId }).categoryId;
    expect(await catalog.createCategory(lamps, around())).toMatchObject({ code: "slug-taken" });
    await catalog.changeCategorySlug(id, slug("lights"), around());
    expect(await owner(claimKey.categorySlug("lamps"))).toBeUndefined();
    await catalog.removeCategory(id, slug("lights"), false, around());
    expect(await stateOf(port, category, id)).toEqual({ status: "removed" });
    expect(await owner(claimKey.categorySlug("lights"))).toBeUndefined();
  });

  it("do not compete with products", async () => {
    await drafted({ slug: "lamps" });
    expect(await catalog.createCategory(lamps, around())).toMatchObject({ accepted: true });
  });
});
