import { personalFields, personalShape, type PersonalShape, type Recorded } from "../../../src/domains/kernel";
import { catalogueOf } from "../../../src/engine/context";
import { contextsOf } from "../../../src/engine/contexts";
import { EventCodec } from "../../../src/infra/eventstore/codec";
import { personIn, sealData } from "../../../src/infra/privacy/seal";
import { forgotten, unseal } from "../../../src/infra/privacy/unseal";
import { type PersonKey } from "../../../src/infra/privacy";
import { storedRow } from "../../../src/infra/runtime";
import { resolved, sampleFiles } from "../../support/contracts";
import { project } from "../../support/fold";
import { somebody } from "../../support/person";
import { eventCatalogue } from "../../../src/engine/event-catalogue";

/* What every event type says of people, and what becomes of it in read models. */

const contexts = contextsOf({ paymentTimeout: 60 });
const catalogue = catalogueOf(contexts);
const codec = new EventCodec(catalogue);

/** A field of such a name says something about a person. */
const TELLING = /^(?:e-?mail|phone|.*address|(?:first|last|full|given|family)Name|birth.*|owner|customer|customerId|shopper(?:Id)?|token|iban|taxId|vatId|ip)$/i; // prettier-ignore
/** What a person's `name` would stand beside. */
const WITHIN_AN_ADDRESS = /^(?:line1|line2|postalCode|city)$/;
/** Looked at, and not about a person: who has reserved a SKU or slug is a product. */
const NOT_PERSONAL = new Set(["Claimed owner", "ClaimReleased owner"]);

const fields = eventCatalogue(contexts).flatMap(({ type, fields }) => fields.map(({ path }) => ({ type, path })));

test.each(fields)("$type $path is marked where its name tells of a person", ({ type, path }) => {
  const name = path.slice(path.lastIndexOf(".") + 1).replace(/\[\]$/, "");
  const marked = personalFields(catalogue[type] ?? { schema: undefined as never }).map((each) => each.path);
  const covered = marked.some((each) => path === each || path.startsWith(`${each}.`));
  if (TELLING.test(name) || WITHIN_AN_ADDRESS.test(name)) expect([`${type} ${path}`, covered || NOT_PERSONAL.has(`${type} ${path}`)]).toEqual([`${type} ${path}`, true]); // prettier-ignore
});

test("which fields are personal", () => {
  const personalOnes = Object.entries(catalogue).flatMap(([type, definition]) => {
    const own = personalFields(definition).map(({ path }) => path);
    return own.length > 0 ? [`${type}: ${own.join(", ")}`] : [];
  });
  expect(personalOnes).toEqual(
    expect.arrayContaining([
      "CartOpened: owner",
      "CartEmailSet: email",
      "CartShippingAddressSet: address",
      "CartCheckedOut: owner, email, shippingAddress, payment.token",
      "CheckoutStarted: owner, email, shippingAddress, payment.token",
      "OrderPlaced: owner, email, shippingAddress, payment.token",
      "OrderConfirmed: owner, email, shippingAddress",
      "OrderCancelled: sale.owner, sale.email, sale.shippingAddress",
      "OrderImported: customer",
      "CreditNoteImported: customer",
      "AccountingAdjustmentImported: customer",
      "ImportRowSetAside: text",
      "PaymentRequested: token",
    ]),
  );
});

/** The samples of all contexts as one log, oldest first, as they are at present. */
const history: readonly Recorded[] = sampleFiles()
  .filter(({ type, version }) => catalogue[type]?.version === version)
  .map(({ sample }, index): Recorded => {
    const recorded = codec.decode(resolved(sample)) as Recorded;
    return { ...recorded, id: `sample-${index}`, position: BigInt(index + 1) };
  });

const people = new Map<string, PersonKey>();
const bySubject = (subject: string) => [...people.values()].find((each) => each.subject === subject);

function sealed(event: Recorded): Recorded {
  const { schema } = catalogue[event.type] ?? {};
  const shape = schema && personalShape(schema);
  if (!shape) return event;
  const person = personIn(event.data, shape) ?? event.stream;
  const key = people.get(person) ?? somebody(person);
  people.set(person, key);
  const at = { stream: event.stream, type: event.type, path: "" };
  return { ...event, data: sealData(event.data, shape, { key, findable: () => undefined }, at) };
}
const sealedHistory = history.map(sealed);

test.each(
  history.flatMap((event, index) =>
    sealedHistory[index] === event ? [] : [{ type: event.type, event, stored: sealedHistory[index] as Recorded }],
  ),
)(
  // prettier-ignore
  "$type is stored sealed, opens to what it was, and reads as its schema says once its person is forgotten",
  ({ event, stored }) => {
    const at = { stream: event.stream, type: event.type, path: "" };
    expect(unseal(stored.data, bySubject, at)).toEqual(event.data);
    const gone = forgotten(stored.data);
    expect(catalogue[event.type]?.schema.parse(gone)).toEqual(gone);
    const { schema } = catalogue[event.type] ?? {};
    const shape = schema && personalShape(schema);
    expect(sealData(event.data, shape as PersonalShape, { key: null, findable: () => undefined }, at)).toEqual(gone);
  },
);

const heardBy = ({ events }: { readonly events: readonly string[] }, all: readonly Recorded[]) =>
  reasonable(all).filter(({ type }) => events.includes(type));

const projections = contexts.flatMap((context) => context.projections).map((projection) => ({ name: projection.name, projection })); // prettier-ignore
const feeds = contexts.flatMap((context) => context.feeds).map((feed) => ({ name: feed.name, feed }));
const reasonable = (events: readonly Recorded[]) => {
  // Carts and orders begin with the event that makes them; the samples come in the order of their names.
  const first = /^(?:CartOpened|OrderPlaced|PaymentRequested|.*Imported|ProductCreated|.*Defined)$/;
  return [...events.filter(({ type }) => first.test(type)), ...events.filter(({ type }) => !first.test(type))];
};

describe("what is made of sealed events, opened, is what is made of plain ones", () => {
  test.each(projections)("read model $name", ({ projection }) => {
    const plain = project(projection, heardBy(projection, history) as never);
    const stored = project(projection, heardBy(projection, sealedHistory) as never);
    expect(new Map([...stored].map(([id, document]) => [id, unseal(document, bySubject)]))).toEqual(plain);
  });

  test.each(feeds)("feed $name", ({ feed }) => {
    const rows = (all: readonly Recorded[]) =>
      heardBy(feed, all).flatMap((event) =>
        feed.rows(event as never).map((row, seq) => storedRow(row, event.position, seq)),
      );
    expect(rows(sealedHistory).map((row) => unseal(row, bySubject))).toEqual(rows(history));
  });

  test("of which carts and orders hold personal data", () => {
    const holding = projections.flatMap(({ name, projection }) => {
      const documents = project(projection, heardBy(projection, sealedHistory) as never);
      return JSON.stringify([...documents.values()]).includes("sealed:1:") ? [name] : [];
    });
    expect(holding).toEqual(["carts", "orders"]);
  });
});
