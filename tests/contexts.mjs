/* Which tests a bounded context has to itself. What is named by none needs several, or none in particular: the whole. */

/** Beside `tests/unit/{domains,projections}/<context>`; each path begins the path of a test file under `tests`. */
const MORE = {
  reference: ["e2e/reference/"],
  catalog: ["unit/api/backoffice/catalog-service", "e2e/backoffice/products"],
  pricing: ["unit/projections/skus"],
  inventory: [],
  cart: [],
  ordering: [],
  payment: ["unit/infra/payments/"],
  privacy: ["unit/privacy/", "unit/infra/privacy/", "integration/privacy/"],
  storefront: [],
  analytics: [],
  operations: ["unit/api/operations/", "integration/operations/"],
};

export const CONTEXTS = Object.keys(MORE);

/**
 * Every context checks its own contracts in these, and runs on real stores with nothing of the others but their samples,
 * told by `MILLRACE_TEST_CONTEXT` which one it is.
 */
export const CONTRACTS = ["unit/contracts/contracts", "unit/contracts/consumed", "integration/contexts/alone"];

const pathsOf = (context) => [`unit/domains/${context}/`, `unit/projections/${context}/`, ...MORE[context]];

/** The context that a test file (`unit/domains/cart/cart.test.ts`) belongs to; `whole` when to none. */
export const contextOf = (file) =>
  CONTEXTS.find((context) => pathsOf(context).some((path) => file.startsWith(path))) ?? "whole";

/** What jest is to look for when only one context is tested: regular expressions of paths. */
export const patternsOf = (context) => [...pathsOf(context), ...CONTRACTS].map((path) => `/tests/${path}`);
