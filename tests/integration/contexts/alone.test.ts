import { testAlone } from "../../support/alone";
import { analytics } from "./analytics";
import { cart } from "./cart";
import { catalog } from "./catalog";
import { inventory } from "./inventory";
import { operations } from "./operations";
import { ordering } from "./ordering";
import { payment } from "./payment";
import { pricing } from "./pricing";
import { privacy } from "./privacy";
import { reference } from "./reference";
import { storefront } from "./storefront";
import { contextsOf } from "../../../src/engine/contexts";

/* Every bounded context by itself; `MILLRACE_TEST_CONTEXT` names one. */

const stories = {
  analytics,
  cart,
  catalog,
  inventory,
  operations,
  ordering,
  payment,
  pricing,
  privacy,
  reference,
  storefront,
};
const only = process.env["MILLRACE_TEST_CONTEXT"];

for (const [name, story] of Object.entries(stories)) if (only === undefined || only === name) testAlone(name, story);

test("no context that works on anything is left out", () => {
  const working = contextsOf({ paymentTimeout: 60 }).filter(({ projections, feeds, aggregates }) => projections.length + feeds.length + aggregates.length > 0); // prettier-ignore
  expect(working.map(({ name }) => name).toSorted()).toEqual(Object.keys(stories).toSorted());
});
