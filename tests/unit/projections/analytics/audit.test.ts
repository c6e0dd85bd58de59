import { contextsOf } from "../../../../src/engine/contexts";
import { catalogueOf } from "../../../../src/engine/context";
import { EventCodec } from "../../../../src/infra/eventstore/codec";
import { auditFeed } from "../../../../src/projections/analytics";
import { resolved, sampleFiles } from "../../../support/contracts";

/* The feed of the audit trail, over the golden samples of its events. */

const codec = new EventCodec(catalogueOf(contextsOf({ paymentTimeout: 60 })));
const rowsOf = (path: string) => {
  const file = sampleFiles().find((each) => each.path === `operations/${path}`);
  const event = file && codec.decode(resolved(file.sample));
  return event ? auditFeed.rows(event as never) : undefined;
};

test("a command is a row with who, what and the outcome", () => {
  expect(rowsOf("CommandAnswered.v1.json")).toEqual([
    expect.objectContaining({ kind: "command", actor: "key:erp", ids: "sku=85123A", outcome: "accepted", quantity: 1 }),
  ]);
  expect(rowsOf("CommandAnswered.v1.made.json")?.[0]).toMatchObject({
    ids: null,
    made: expect.stringMatching(/^\/op/),
  });
});

test("refused requests are a row that counts them", () => {
  expect(rowsOf("RequestRefused.v1.several.json")).toEqual([
    expect.objectContaining({ kind: "refusal", outcome: "refused", client: null, quantity: 7310, route: "*" }),
  ]);
});
