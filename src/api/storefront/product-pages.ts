import { type Collection } from "mongodb";
import { type CurrencyCode } from "../../domains/kernel";
import { type ProductDocument, type StorefrontDocument } from "../../projections/storefront";
import { prepare, type Prepared } from "../http";
import { type Services } from "../services";
import { productPage } from "./product-view";

/** A product page is made anew when its document changes, and at most this old, in ms: prices begin and end. */
const PAGE_LIFETIME = 2_000;

/** Finished product pages, found by id or slug, from memory. */
export class ProductPages {
  private readonly products;
  private readonly slugs: SlugIndex;
  private readonly pages = new WeakMap<ProductDocument, Map<string, { readonly answer: Prepared; readonly madeAt: number }>>(); // prettier-ignore

  constructor(private readonly services: Services) {
    const products = services.models.get<StorefrontDocument>("storefront", "products");
    this.products = products;
    this.slugs = new SlugIndex(
      () => products.collection as unknown as Collection<ProductDocument>,
      (forget) => products.changes$.subscribe(({ ids }) => forget(ids)),
    );
  }

  /** A product that shoppers may see, by its id or its slug. */
  async find(named: string): Promise<ProductDocument | undefined> {
    const byId = await this.products.get(`product:${named}`);
    if (byId) return visible(byId);
    const id = await this.slugs.get(named);
    const bySlug = id === undefined ? undefined : await this.get(id);
    return bySlug?.slug === named ? bySlug : undefined;
  }

  /** The same by the id of its document. */
  async get(documentId: string): Promise<ProductDocument | undefined> {
    return visible(await this.products.get(documentId));
  }

  /** As it is now; the same object as long as it is no other. */
  page(document: ProductDocument, currency: CurrencyCode): Prepared {
    let answers = this.pages.get(document);
    if (!answers) this.pages.set(document, (answers = new Map()));
    const kept = answers.get(currency);
    if (kept && Date.now() - kept.madeAt < PAGE_LIFETIME) return kept.answer;
    const answer = prepare(productPage(document, currency, this.services.now()));
    answers.set(currency, { answer, madeAt: Date.now() });
    return answer;
  }
}

const visible = (document: StorefrontDocument | undefined): ProductDocument | undefined =>
  document?.kind === "product" && document.visible ? document : undefined;

/** Slug → document id, from memory. A slug that has moved on is found out by looking at the document. */
class SlugIndex {
  private readonly known = new Map<string, string>();

  constructor(
    private readonly products: () => Collection<ProductDocument>,
    onChange: (forget: (ids: readonly string[] | undefined) => void) => void,
  ) {
    onChange((ids) => {
      if (ids === undefined) this.known.clear();
    });
  }

  async get(slug: string): Promise<string | undefined> {
    const known = this.known.get(slug);
    if (known !== undefined) return known;
    const found = await this.products().findOne({ visible: true, slug } as never, { projection: { _id: 1 } });
    if (!found) return undefined;
    if (this.known.size > 50_000) this.known.clear();
    this.known.set(slug, found._id);
    return found._id;
  }
}
