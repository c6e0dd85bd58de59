import { type Article, makeArticle, type NewArticle } from "../../../support/articles";
import { seen } from "../../../support/consistency";
import { type Answer, type Caller, type CallOptions } from "../../../support/http";
import { type TestShop } from "../../../support/shop";
import { buy, expectStatus, fillIn, openCart, type Shopper } from "../../../support/shopper";

/** One command as it is sent, apart from its key. */
export interface Call {
  readonly path: string;
  /** None when absent. */
  readonly body?: unknown;
  /** The shopper who sends it; the back office when absent, nobody in particular when `null`. */
  readonly shopper?: string | null;
  readonly headers?: CallOptions["headers"];
}

/** A command that is refused. */
export interface RefusedCall extends Call {
  readonly code: string;
  /** Does away with the reason, so that the same command would be accepted now. */
  mend?(): Promise<unknown>;
}

/** How the test comes by calls of one route. */
export interface Recipe {
  /** A command that is accepted, about things made for it alone. */
  accepted(workshop: Workshop): Promise<Call>;
  /** What else could be sent to the same address; `null` where there is no body. */
  readonly otherBody: object | null;
  /** Other commands about the same things, so that they are no longer as the first answer shows them. */
  meanwhile?(workshop: Workshop, call: Call, answer: Answer): Promise<unknown>;
  /** A command that is refused; absent where the business has no reason to refuse one. */
  refused?(workshop: Workshop): Promise<RefusedCall>;
}

/** By method and path, as OpenAPI writes them. */
export type Recipes = Readonly<Record<string, Recipe>>;

/** Makes what commands can be about. */
export class Workshop {
  private count = 0;
  private countries = 0;

  constructor(private readonly shop: () => TestShop) {}

  get admin(): Caller {
    return this.shop().admin;
  }

  get anyone(): Caller {
    return this.shop().anyone;
  }

  /** A name that nothing else has. */
  name(prefix = "THING"): string {
    return `${prefix}-${++this.count}`;
  }

  slug(): string {
    return this.name("slug");
  }

  /** A currency that the standard does not have. */
  currency(): string {
    const n = this.count++;
    return `Q${String.fromCharCode(65 + (Math.floor(n / 26) % 26), 65 + (n % 26))}`;
  }

  /** A country that the standard does not have. */
  country(): string {
    return `Q${"MNOPRSTUVWXYZ"[this.countries++] ?? "?"}`;
  }

  article(article: Partial<NewArticle> = {}): Promise<Article> {
    return makeArticle(this.admin, { sku: this.name("SKU"), price: "10.00", stock: 50, ...article });
  }

  /** A product with two variants. */
  async twins(): Promise<{ readonly id: string; readonly slug: string; readonly skus: readonly [string, string] }> {
    const skus = [this.name("SKU"), this.name("SKU")] as const;
    const slug = this.slug();
    const id = await this.product({ slug, variants: skus.map((sku) => ({ sku })) });
    return { id, slug, skus };
  }

  /** A draft; answers its id. */
  async product(fields: object = {}): Promise<string> {
    const name = this.name("Product");
    const { body } = expectStatus(201, await this.admin.post("/admin/v1/products", { title: name, ...fields }));
    return body.id;
  }

  async category(fields: object = {}): Promise<string> {
    const content = { name: this.name("Category"), slug: this.slug(), ...fields };
    return expectStatus(201, await this.admin.post("/admin/v1/categories", content)).body.id;
  }

  /** A shopper with one line in the cart. */
  async withItem(article?: Article): Promise<Shopper & { readonly lineId: string; readonly article: Article }> {
    const put = article ?? (await this.article());
    const shopper = await this.shopper();
    const added = await this.add(shopper, put);
    return { ...shopper, lineId: added.body.lines[0].id, article: put };
  }

  add({ caller, cart }: Shopper, { sku, token }: Article, quantity = 2): Promise<Answer> {
    return caller.post(`${cart}/items`, { sku, quantity }, seen(token)).then((answer) => expectStatus(200, answer));
  }

  shopper(cart?: object): Promise<Shopper> {
    return openCart(this.anyone, cart);
  }

  /** A shopper with a cart that can be checked out. */
  async ready(): Promise<Shopper & { readonly article: Article }> {
    const shopper = await this.withItem();
    await fillIn(shopper);
    return shopper;
  }

  /** A confirmed order of 2 pieces at 10.00. */
  async order(): Promise<{ readonly id: string; readonly path: string }> {
    const { sku, token } = await this.article();
    const { answer } = await buy(this.anyone, [{ sku, quantity: 2 }], { after: token });
    if (answer.body.status !== "confirmed") throw new Error(`the order is ${JSON.stringify(answer.body)}`);
    return { id: answer.body.id, path: `/admin/v1/orders/${answer.body.id}` };
  }

  /** The back office does something on the way; it must be accepted. */
  async done(answer: Promise<Answer>): Promise<Answer> {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(`answered ${status}: ${JSON.stringify(body).slice(0, 500)}`);
    return answer;
  }
}

export const NOBODY = "00000000-0000-4000-8000-000000000000";
