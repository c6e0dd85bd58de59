/*
 * The same tests that speak to a shop in one process, spoken to a gateway in front of it, or in front of its contexts, each
 * served by itself: callers cannot tell the difference. `MILLRACE_TEST_GATEWAY=1 npx jest --selectProjects e2e` runs all of
 * them so; `2` with two instances, `contexts` with each context by itself.
 */

const SUITES = {
  "storefront/checkout": "contexts",
  "storefront/bad-input": "1",
  "storefront/catalogue": "1",
  "backoffice/bulk": "1",
  "reference/reference": "1",
} as const;

const before = process.env["MILLRACE_TEST_GATEWAY"];
afterAll(() => {
  if (before === undefined) delete process.env["MILLRACE_TEST_GATEWAY"];
});

for (const [suite, behind] of Object.entries(SUITES))
  describe(`through the gateway: ${suite}`, () => {
    beforeAll(() => {
      process.env["MILLRACE_TEST_GATEWAY"] = before ?? behind;
    });
    // A suite declares its tests when it is loaded.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    require(`../${suite}.test`);
  });
