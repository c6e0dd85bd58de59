/*
 * The same tests that speak to a shop in one process, spoken to a gateway in front of it: callers cannot tell the
 * difference. `MILLRACE_TEST_GATEWAY=1 npx jest --selectProjects e2e` runs all of them so; `2` with two instances.
 */

const SUITES = ["storefront/checkout", "storefront/bad-input", "storefront/catalogue", "backoffice/bulk", "reference/reference"]; // prettier-ignore

const before = process.env["MILLRACE_TEST_GATEWAY"];
process.env["MILLRACE_TEST_GATEWAY"] ??= "1";
afterAll(() => {
  if (before === undefined) delete process.env["MILLRACE_TEST_GATEWAY"];
});

for (const suite of SUITES)
  describe(`through the gateway: ${suite}`, () => {
    // A suite declares its tests when it is loaded.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    require(`../${suite}.test`);
  });
