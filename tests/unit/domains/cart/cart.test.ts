import { type AddItem, cart, type CartCommand, cartEvents, MAX_LINES } from "../../../../src/domains/cart";
import { type CartEvent } from "../../../../src/domains/cart";
import { type Sku } from "../../../../src/domains/kernel";
import { spec } from "../../../support/spec";
import {
  added,
  address,
  addressSet,
  at,
  british,
  cartId,
  complete,
  emailSet,
  EUR,
  FR,
  french,
  GB,
  GBP,
  line,
  methodSet,
  mug,
  offer,
  opened,
  orderId,
  owner,
  paymentId,
  productId,
  standard,
  tin,
} from "./fixtures";

const add = (sku: Sku, quantity: number, price: string | null, published = true): AddItem => ({
  type: "AddItem",
  at,
  cartId,
  lineId: line("new"),
  sku,
  quantity,
  offer: offer(`A ${sku}`, price, published),
});
const changeQuantity = (quantity: number, price: string | null, published = true): CartCommand => ({
  type: "ChangeItemQuantity",
  at,
  cartId,
  lineId: line(mug),
  quantity,
  offer: offer("A MUG", price, published),
});
const changed = (quantity: number, unitPrice: string): CartEvent => ({
  type: "ItemQuantityChanged",
  data: { cartId, lineId: line(mug), sku: mug, quantity, unitPrice },
});
const payment = { method: "test", token: "tok_approve" };
const checkOut = (price: string | null, acceptChangedPrices = false): CartCommand => ({
  type: "CheckOut",
  at,
  cartId,
  orderId,
  paymentId,
  payment,
  quotes: [{ sku: mug, currency: GBP, unitPrice: price }],
  acceptChangedPrices,
});

describe("opening", () => {
  it("begins a cart once", () => {
    const command: CartCommand = { type: "OpenCart", at, cartId, currency: GBP, country: GB, owner, ...british };
    spec(cart).when(command).then(opened);
    spec(cart).given(opened).when(command).thenRefused("cart-exists");
    spec(cart)
      .when(add(mug, 1, "2.55"))
      .thenRefused("cart-not-found");
  });
  it("begins with what it is given, as far as that can be bought", () => {
    const item = ({ lineId, sku, quantity, offer }: AddItem) => ({ lineId, sku, quantity, offer });
    const items = [
      item(add(mug, 2, "2.55")),
      item(add("SAUCER" as Sku, 1, "2.55", false)),
      item(add("TEAPOT" as Sku, 1, null)),
      { ...item(add("GONE" as Sku, 1, null)), offer: null },
    ];
    const command: CartCommand = { type: "OpenCart", at, cartId, currency: GBP, country: GB, owner, ...british, items };
    const data = { cartId, sku: mug, productId, name: "A MUG", quantity: 2, taxCategory: "standard" };
    const line1: CartEvent = { type: "ItemAdded", data: { ...data, lineId: line("new"), unitPrice: "2.55" } };
    spec(cart).when(command).then(opened, line1);
    spec(cart).given(opened).when(command).thenRefused("cart-exists");
  });
});

describe("items", () => {
  it("an article is added at the price of now", () => {
    const data = { cartId, sku: mug, productId, name: "A MUG", quantity: 2, taxCategory: "standard" };
    spec(cart)
      .given(opened)
      .when(add(mug, 2, "2.55"))
      .then({ type: "ItemAdded", data: { ...data, lineId: line("new"), unitPrice: "2.55" } });
  });
  it("an article that is there already raises its line, all at the price of now", () => {
    spec(cart)
      .given(opened, added(mug, 4, "2.55"))
      .when(add(mug, 2, "2.95"))
      .then(changed(6, "2.95"));
  });
  it("must be known, for sale and priced in the cart's currency", () => {
    const unknown = { ...add(mug, 1, null), offer: null } as CartCommand;
    spec(cart).given(opened).when(unknown).thenRefused("unknown-sku", { field: "sku" });
    spec(cart)
      .given(opened)
      .when(add(mug, 1, "2.55", false))
      .thenRefused("not-for-sale");
    spec(cart)
      .given(opened)
      .when(add(mug, 1, null))
      .thenRefused("no-price", { skus: [mug], currency: "GBP" });
  });
  it("what was looked up for the cart as it was before is looked up again", () => {
    const history = [opened, added(mug, 4, "2.55")];
    const euro = { ...offer("A MUG", "2.95"), currency: EUR };
    const before = [
      { ...add(mug, 1, null), offer: euro },
      { ...changeQuantity(9, null), offer: euro },
      { ...changeQuantity(9, null), offer: undefined },
      { type: "AcceptPrices", at, cartId, quotes: [{ sku: mug, currency: EUR, unitPrice: "2.95" }] },
      { type: "AcceptPrices", at, cartId, quotes: [] },
      { ...checkOut(null), quotes: [{ sku: mug, currency: EUR, unitPrice: "2.95" }] },
    ] as CartCommand[];
    for (const command of before)
      spec(cart)
        .given(...history)
        .when(command)
        .thenRefused("quotes-incomplete", { skus: [mug] });
  });
  it("has limits", () => {
    const almost = added(mug, 999_999, "2.55");
    spec(cart)
      .given(opened, almost)
      .when(add(mug, 2, "2.55"))
      .thenRefused("quantity-too-large", { limit: 1_000_000 });
    spec(cart)
      .given(opened)
      .when(add(mug, 1_000_000, "100000.01"))
      .thenRefused("amount-too-large");
    const many = Array.from({ length: MAX_LINES }, (_, index) => added(`S${index}` as Sku, 1, "1.00"));
    spec(cart)
      .given(opened, ...many)
      .when(add(mug, 1, "2.55"))
      .thenRefused("cart-full");
    spec(cart)
      .given(opened, ...many)
      .when(add("S7" as Sku, 1, "1.00"))
      .thenTypes("ItemQuantityChanged");
  });
  it("changes in quantity, upwards only while it is for sale", () => {
    const history = [opened, added(mug, 4, "2.55")];
    spec(cart)
      .given(...history)
      .when(changeQuantity(9, "2.55"))
      .then(changed(9, "2.55"));
    spec(cart)
      .given(...history)
      .when(changeQuantity(4, "2.55"))
      .then();
    spec(cart)
      .given(...history)
      .when(changeQuantity(3, null))
      .then(changed(3, "2.55"));
    spec(cart)
      .given(...history)
      .when(changeQuantity(5, "2.55", false))
      .thenRefused("not-for-sale");
  });
  it("is removed by its line", () => {
    const remove = (lineId: string): CartCommand => ({ type: "RemoveItem", at, cartId, lineId: line(lineId) });
    const removed: CartEvent = { type: "ItemRemoved", data: { cartId, lineId: line(mug), sku: mug } };
    spec(cart)
      .given(opened, added(mug, 4, "2.55"))
      .when(remove(mug))
      .then(removed);
    spec(cart)
      .given(opened, added(mug, 4, "2.55"), removed)
      .when(remove(mug))
      .thenRefused("line-not-found");
  });
});

describe("currency, country, address", () => {
  const toEuro = (price: string | null): CartCommand => ({
    type: "SetCartCurrency",
    at,
    cartId,
    currency: EUR,
    quotes: [{ sku: mug, currency: EUR, unitPrice: price }],
  });
  it("another currency needs a price for every line", () => {
    const prices = [{ lineId: line(mug), unitPrice: "2.95" }];
    const set: CartEvent = { type: "CartCurrencySet", data: { cartId, currency: EUR, prices } };
    spec(cart)
      .given(opened, added(mug, 4, "2.55"))
      .when(toEuro("2.95"))
      .then(set);
    spec(cart)
      .given(opened, added(mug, 4, "2.55"))
      .when(toEuro(null))
      .thenRefused("no-price", { skus: [mug] });
  });
  it("an address decides on the country and its taxes", () => {
    const command: CartCommand = { type: "SetShippingAddress", at, cartId, address: address(FR), ...french };
    spec(cart)
      .given(opened)
      .when(command)
      .then(
        { type: "CartShippingAddressSet", data: { cartId, address: address(FR) } },
        { type: "CartCountrySet", data: { cartId, country: FR, ...french } },
      );
    const same: CartCommand = { type: "SetShippingAddress", at, cartId, address: address(GB), ...british };
    spec(cart).given(opened, addressSet).when(same).then();
  });
  it("the country cannot differ from the address", () => {
    const command: CartCommand = { type: "SetCartCountry", at, cartId, country: FR, ...french };
    spec(cart).given(opened).when(command).thenTypes("CartCountrySet");
    spec(cart).given(opened, addressSet).when(command).thenRefused("country-differs-from-address", { country: GB });
  });
});

describe("shipping", () => {
  const choose = (methodId: string): CartCommand => ({ type: "SetShippingMethod", at, cartId, methodId });
  it("is chosen among what the country offers", () => {
    spec(cart)
      .given(opened, added(mug, 4, "2.55"))
      .when(choose("standard"))
      .then(methodSet("3.95"));
    spec(cart)
      .given(opened)
      .when(choose("rocket"))
      .thenRefused("unknown-shipping-method", { field: "id", methods: ["standard", "express", "pickup"] });
    const nowhere: CartEvent = {
      type: "CartOpened",
      data: { cartId, currency: GBP, country: null, owner, ...british },
    };
    spec(cart).given(nowhere).when(choose("standard")).thenRefused("country-missing");
  });
  it("follows the cart: free from a threshold on, and dearer abroad", () => {
    const history = [opened, added(mug, 4, "2.55"), methodSet("3.95")];
    spec(cart)
      .given(...history)
      .when(changeQuantity(20, "2.55"))
      .then(changed(20, "2.55"), methodSet("0.00"));
    const abroad: CartCommand = { type: "SetCartCountry", at, cartId, country: FR, ...french };
    spec(cart)
      .given(...history)
      .when(abroad)
      .then({ type: "CartCountrySet", data: { cartId, country: FR, ...french } }, methodSet("9.95"));
  });
  it("drops out where it does not serve", () => {
    const pickup = { id: "pickup", name: "Pick up at the shop", price: "0.00" };
    const chosen: CartEvent = { type: "CartShippingMethodSet", data: { cartId, method: pickup } };
    const abroad: CartCommand = { type: "SetCartCountry", at, cartId, country: FR, ...french };
    spec(cart).given(opened, chosen).when(abroad).thenTypes("CartCountrySet", "CartShippingMethodDropped");
  });
});

describe("checkout", () => {
  it("says everything that was agreed, in a form that the log takes", () => {
    const { decision } = spec(cart)
      .given(...complete)
      .when(checkOut("2.55"));
    expect(decision).toEqual([
      {
        type: "CartCheckedOut",
        data: {
          cartId,
          orderId,
          paymentId,
          owner,
          currency: "GBP",
          country: "GB",
          email: "ada@example.org",
          shippingAddress: address(GB),
          shippingMethod: standard("3.95"),
          lines: [
            {
              lineId: mug,
              sku: mug,
              productId,
              name: "A MUG",
              quantity: 4,
              unitPrice: "2.55",
              total: "10.20",
              taxCategory: "standard",
              taxRate: "0.20",
            },
          ],
          totals: { items: "10.20", shipping: "3.95", tax: "2.36", grand: "14.15" },
          taxIncluded: true,
          payment,
        },
      },
    ]);
    const [event] = decision as readonly CartEvent[];
    expect(cartEvents.CartCheckedOut.schema.safeParse(event?.data).success).toBe(true);
  });
  it("needs items, e-mail, address and shipping method", () => {
    const quotes: CartCommand = { ...checkOut("2.55"), quotes: [] } as CartCommand;
    spec(cart)
      .given(opened)
      .when(quotes)
      .thenRefused("cart-incomplete", { missing: ["items", "email", "shippingAddress", "shippingMethod"] });
    spec(cart)
      .given(opened, added(mug, 1, "2.55"), emailSet, addressSet)
      .when(checkOut("2.55"))
      .thenRefused("cart-incomplete", { missing: ["shippingMethod"] });
  });
  it("shows a price that has changed, and takes it once accepted", () => {
    spec(cart)
      .given(...complete)
      .when(checkOut("2.95"))
      .thenRefused("price-changed", { lines: [{ lineId: mug, sku: mug, was: "2.55", now: "2.95" }] });
    spec(cart)
      .given(...complete)
      .when(checkOut("2.95", true))
      .thenTypes("CartPricesAccepted", "CartCheckedOut");
    spec(cart)
      .given(...complete)
      .when({ type: "AcceptPrices", at, cartId, quotes: [{ sku: mug, currency: GBP, unitPrice: "2.95" }] })
      .then({ type: "CartPricesAccepted", data: { cartId, prices: [{ lineId: line(mug), unitPrice: "2.95" }] } });
  });
  it("reckons shipping on the accepted prices", () => {
    const decision = spec(cart)
      .given(...complete)
      .when(checkOut("20.00", true)).decision as readonly CartEvent[];
    expect(decision.map(({ type }) => type)).toEqual(["CartPricesAccepted", "CartShippingMethodSet", "CartCheckedOut"]);
    expect(decision[2]?.data).toMatchObject({ totals: { items: "80.00", shipping: "0.00", grand: "80.00" } });
  });
  it("is refused while an article is not for sale any more", () => {
    spec(cart)
      .given(...complete)
      .when(checkOut(null, true))
      .thenRefused("not-for-sale", { lines: [{ lineId: mug, sku: mug }] });
  });
  it("closes the cart", () => {
    const decided = spec(cart)
      .given(...complete)
      .when(checkOut("2.55")).decision as readonly CartEvent[];
    const closed = spec(cart).given(...complete, ...decided);
    closed.when(checkOut("2.55")).thenRefused("cart-closed", { status: "checked-out", orderId });
    closed.when(add(tin, 1, "1.00")).thenRefused("cart-closed");
    closed.when({ type: "AbandonCart", at, cartId, reason: "idle" }).thenRefused("cart-closed");
  });
});

describe("abandoning", () => {
  const abandon: CartCommand = { type: "AbandonCart", at, cartId, reason: "idle" };
  it("happens once", () => {
    const abandoned: CartEvent = { type: "CartAbandoned", data: { cartId, reason: "idle" } };
    spec(cart).given(opened, methodSet("9.95")).when(abandon).then(abandoned);
    spec(cart).given(opened, abandoned).when(abandon).then();
    spec(cart)
      .given(opened, abandoned)
      .when(add(mug, 1, "2.55"))
      .thenRefused("cart-closed", { status: "abandoned" });
  });
});
