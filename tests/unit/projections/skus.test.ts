import { currencies } from "../../../src/projections/pricing";
import { skusFor } from "../../../src/projections/skus";
import { log, project } from "../../support/fold";
import { type ClaimEvent } from "../../../src/domains/catalog/events";

const claimed = (key: string, owner: string): ClaimEvent => ({ type: "Claimed", data: { key, owner } });
const released = (key: string, owner: string): ClaimEvent => ({ type: "ClaimReleased", data: { key, owner } });

test("a context knows the SKUs that there are by the catalogue's claims, and nothing else that is claimed", () => {
  const documents = project(
    skusFor("pricing"),
    log<ClaimEvent>(
      ["claim-sku:A", claimed("sku:A", "1")],
      ["claim-slug:a", claimed("slug:a", "1")],
      ["claim-sku:B", claimed("sku:B", "2")],
      ["claim-sku:B", released("sku:B", "2")],
      ["claim-sku:A", released("sku:A", "1")],
      ["claim-sku:A", claimed("sku:A", "3")],
    ),
  );
  expect([...documents.values()].filter(Boolean)).toEqual([{ _id: "A", owner: "3" }]);
});

test("pricing knows which currencies were withdrawn", () => {
  const code = "EUR" as never;
  const defined = { type: "CurrencyDefined", data: { code, name: "Euro", fractionDigits: 2 } } as const;
  const withdrawn = { type: "CurrencyWithdrawn", data: { code } } as const;
  const known = (...events: readonly (typeof defined | typeof withdrawn)[]) =>
    project(currencies, log<(typeof events)[number]>(...events.map((event) => ["currency-EUR", event] as const))).get("EUR"); // prettier-ignore
  expect(known(defined)).toEqual({ _id: "EUR", withdrawn: false });
  expect(known(defined, withdrawn)).toEqual({ _id: "EUR", withdrawn: true });
  expect(known(defined, withdrawn, defined)).toEqual({ _id: "EUR", withdrawn: false });
});
