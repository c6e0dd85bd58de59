import { inventoryEvents } from "../../../../src/domains/inventory";
import { type Aggregate, DomainError, type DomainEvent, type EventCatalogue } from "../../../../src/domains/kernel";
import { orderingEvents } from "../../../../src/domains/ordering";
import {
  asideSending,
  documentSending,
  happenings,
  type Sending,
  stockSending,
} from "../../../../src/tools/online-retail/documents";
import { planOf, planOfRows } from "./fixtures";

/** What the command brings about where nothing is yet, checked against the events' schemas. */
function eventsOf<C, E extends DomainEvent, S>(
  { aggregate, command }: Sending<Aggregate<C, E, S>, C>,
  catalogue: EventCatalogue,
  history: readonly E[] = [],
): readonly E[] {
  const state = history.reduce(aggregate.evolve, aggregate.initialState);
  const events = aggregate.decide(command, state);
  if (events instanceof DomainError) throw new Error(events.message);
  for (const { type, data } of events) catalogue[type]?.schema.parse(data);
  return events;
}

test("a sale keeps number, customer, country, time and every line", async () => {
  const { table, documents } = await planOfRows(
    "536540,22968,ROSE COTTAGE KEEPSAKE BOX ,4,2010-12-01 14:05:00,9.95,14911.0,EIRE",
    "536540,C2,CARRIAGE,1,2010-12-01 14:07:00,50.0,14911.0,EIRE",
  );
  const sending = documentSending(table, documents[0]!); // eslint-disable-line @typescript-eslint/no-non-null-assertion
  expect(sending.context).toMatchObject({ occurredAt: "2010-12-01T14:05:00.000Z", actor: "import:online-retail" });
  expect(eventsOf(sending, orderingEvents)).toEqual([
    {
      type: "OrderImported",
      data: {
        orderId: sending.id,
        number: "536540",
        source: "online-retail",
        customer: "14911",
        country: "EIRE",
        countryCode: "IE",
        currency: "GBP",
        lines: [
          { sku: "22968", name: "ROSE COTTAGE KEEPSAKE BOX", quantity: 4, unitPrice: "9.95", kind: "merchandise" },
          { sku: "C2", name: "CARRIAGE", quantity: 1, unitPrice: "50", kind: "charge", at: "2010-12-01T14:07:00.000Z" },
        ],
      },
    },
  ]);
});

test("every document of the excerpt becomes the event of its kind, in the form that the log promises", async () => {
  const { table, documents } = await planOf("excerpt.csv");
  const types = documents.flatMap((document) => eventsOf(documentSending(table, document), orderingEvents)).map(({ type }) => type); // prettier-ignore
  const count = (type: string) => types.filter((each) => each === type).length;
  expect(count("OrderImported")).toBe(documents.filter(({ fate }) => fate === "sale").length);
  expect(count("CreditNoteImported")).toBe(10);
  expect(count("AccountingAdjustmentImported")).toBe(3);
});

test("the same document has the same command id in every file; with other lines another", async () => {
  const row = "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom";
  const before = "536364,71053,LANTERN,6,2010-12-01 08:20:00,3.39,17850.0,United Kingdom";
  const idIn = async (...rows: readonly string[]) => {
    const { table, documents } = await planOfRows(...rows);
    const found = documents.find(({ number }) => number === "536365");
    if (!found) throw new Error("no such document");
    const { id, context } = documentSending(table, found);
    return { id, commandId: context.commandId };
  };
  const alone = await idIn(row);
  expect(await idIn(before, row)).toEqual(alone);
  const other = await idIn(row, row);
  expect(other.id).toBe(alone.id);
  expect(other.commandId).not.toBe(alone.commandId);
});

test("pieces written off adjust the stock with the clerk's words as reason", async () => {
  const { table, stockChanges } = await planOfRows(
    '540564,22617,"mouldy; thrown away.",-2600,2011-01-10 10:36:00,0.0,,United Kingdom',
    "540565,22617,,-1,2011-01-10 10:37:00,0.0,,United Kingdom",
  );
  const allowed = { type: "BackorderPolicySet", data: { location: "onlineretail", sku: "22617", allowBackorder: true } } as never; // prettier-ignore
  const sendings = stockChanges.map((change) => stockSending(table, change));
  expect(sendings.map(({ id }) => id)).toEqual(["onlineretail-22617", "onlineretail-22617"]);
  expect(sendings.flatMap((sending) => eventsOf(sending, inventoryEvents, [allowed])).map(({ data }) => data)).toEqual([
    { location: "onlineretail", sku: "22617", delta: -2600, reason: '"mouldy; thrown away."' },
    { location: "onlineretail", sku: "22617", delta: -1, reason: "no reason given" },
  ]);
});

test("a row that fits nowhere is kept word for word; another row in its place is another stream", async () => {
  const { misfits } = await planOf("misfits.csv");
  const at = "2020-01-01T00:00:00.000Z" as never;
  const sendings = misfits.map((misfit) => asideSending(misfit, at));
  expect(new Set(sendings.map(({ id }) => id)).size).toBe(20);
  expect(sendings.flatMap((sending) => eventsOf(sending, orderingEvents)).map(({ data }) => data.text)).toEqual(
    misfits.map(({ text }) => text),
  );
  const [first] = misfits;
  const moved = asideSending({ row: first?.row ?? 0, reason: "another", text: "another" }, at);
  expect(moved.id).not.toBe(sendings[0]?.id);
});

test("what happened is in the order of its time, and of the file at the same moment", async () => {
  const plan = await planOfRows(
    "536367,1,ONE,1,2010-12-01 08:30:00,1,,France",
    "536365,2,TWO,1,2010-12-01 08:26:00,1,,France",
    "536366,3,lost,-1,2010-12-01 08:26:00,0,,France",
    "536364,4,FOUR,1,2010-12-01 08:26:00,1,,France",
  );
  const order = happenings(plan).map((each) => (each.kind === "document" ? each.document.number : "stock"));
  expect(order).toEqual(["536365", "stock", "536364", "536367"]);
});
