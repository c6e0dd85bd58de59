import { type Audited } from "../infra/audit";
import { catalogueOf, categoriesOf, type Context } from "./context";

/** All that the contexts keep, for who holds it against the log. */
export function auditedOf(contexts: readonly Context[]): Audited {
  return {
    catalogue: catalogueOf(contexts),
    categories: categoriesOf(contexts),
    projections: contexts.flatMap(({ projections }) => projections),
    feeds: contexts.flatMap(({ feeds }) => feeds),
  };
}
