import { gatewayTable, RouteFinder } from "../../../../src/api/gateway/table";
import { httpRoutes, placesOf } from "../../../../src/api/gateway/http-routes";
import { describedRoutes } from "../../../../src/engine/routes";

const services = describedRoutes();
const table = gatewayTable(services);
const finder = new RouteFinder(table);
const named = (operationId: string) => table.find((route) => route.operationId === operationId);

test("every route of every touchpoint is in the table, but what is about one process", () => {
  const all = Object.values(services).flat();
  const missing = all.filter(({ operationId }) => named(operationId) === undefined);
  expect(missing.map(({ path }) => path)).toEqual(["/health/live", "/health/ready", "/metrics"]);
  expect(new Set(table.map(({ service }) => service))).toEqual(new Set(Object.keys(services)));
});

test("what may be kept is what everybody gets: public reads that say so", () => {
  const kept = table.filter(({ cacheable }) => cacheable);
  expect(kept.map(({ operationId }) => operationId)).toEqual(
    expect.arrayContaining(["listProducts", "getProduct", "listCategories", "listCurrencies"]),
  );
  const routes = Object.values(services).flat();
  for (const { operationId, kind } of kept) {
    expect(kind).toBe("read");
    expect(routes.find((route) => route.operationId === operationId)?.security).toBe("public");
  }
});

test.each([
  ["GET", "/store/v1/carts/8f", "getCart", "carts/8f"],
  ["POST", "/store/v1/carts/8f/items", "addItem", "carts/8f"],
  ["PATCH", "/store/v1/carts/8f/items/1", "changeItemQuantity", "carts/8f"],
  ["POST", "/store/v1/carts", "openCart", undefined],
  ["HEAD", "/store/v1/products", "listProducts", undefined],
  ["POST", "/admin/v1/stock/main/A-1/receipts", "receiveStock", "stock/main/A-1"],
])("%s %s leads to %s of %s", (method, path, operationId, aggregate) => {
  const match = finder.find(method, path);
  if (match.found !== "route") throw new Error(`found ${match.found}`);
  expect(match.taken.aggregate).toBe(aggregate);
  expect(match.taken.route).toBe(named(operationId) ?? operationId);
});

test("other paths and methods", () => {
  expect(finder.find("GET", "/store/v1/nowhere")).toEqual({ found: "nothing" });
  expect(finder.find("GET", "/health/ready")).toEqual({ found: "nothing" });
  expect(finder.find("DELETE", "/store/v1/products")).toMatchObject({
    found: "path",
    touchpoint: "storefront",
    allow: "GET, HEAD, OPTIONS",
  });
});

test("large bodies have more time, commands with keys may be repeated", () => {
  expect(named("openCart")).toMatchObject({ repeatable: true, kind: "command", deadline: 20_000 });
  expect(table.filter(({ bodyLimit }) => bodyLimit > 1024 * 1024).every(({ deadline }) => deadline === 120_000)).toBe(true); // prettier-ignore
});

test("no two services share a prefix, so that a cluster can route by it", () => {
  const places = placesOf(services);
  const prefixes = [...places.values()].flatMap((each) => each.prefixes);
  expect(prefixes).toEqual([...new Set(prefixes)]);
  expect(places.get("cart")?.prefixes).toContain("/store/v1/carts");
  expect(places.get("reference")?.prefixes).toContain("/reference/v1");
  // The money of an order is told by whole paths, as they lie among ordering's.
  expect(places.get("ordering")?.prefixes).toContain("/admin/v1/orders");
  expect(places.get("payment")?.paths).toContain("/admin/v1/orders/:id/capture");
});

test("the longest prefix, or a whole path, leads each route to its own service", () => {
  const places = [...placesOf(services)];
  for (const { service, path } of table) {
    const exact = places.filter(([, { paths }]) => paths.includes(path)).map(([name]) => name);
    const [longest] = places
      .flatMap(([name, { prefixes }]) => prefixes.map((prefix) => ({ name, prefix })))
      .filter(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))
      .toSorted((a, b) => b.prefix.length - a.prefix.length);
    expect([path, exact[0] ?? longest?.name]).toEqual([path, service]);
  }
});

test("whose pages may call is a matter of the touchpoint, whatever context the route is of", () => {
  expect(named("checkOut")).toMatchObject({ service: "cart", touchpoint: "storefront" });
  expect(named("getOrder")).toMatchObject({ service: "ordering", touchpoint: "storefront" });
  expect(named("adminGetOrder")).toMatchObject({ service: "ordering", touchpoint: "backoffice" });
});

test("HTTPRoutes for Kubernetes say the same", () => {
  const routes = httpRoutes(services, { gateway: "front", backend: (service) => `shop-${service}`, port: 80 });
  expect(routes.find(({ metadata }) => metadata.name === "shop-cart")).toEqual({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "shop-cart" },
    spec: {
      parentRefs: [{ name: "front" }],
      rules: [
        {
          matches: [{ path: { type: "RegularExpression", value: "/store/v1/carts/[^/]+/live" } }],
          timeouts: { request: "0s" },
          backendRefs: [{ name: "shop-cart", port: 80 }],
        },
        {
          matches: [
            { path: { type: "PathPrefix", value: "/admin/v1/explain/cart" } },
            { path: { type: "PathPrefix", value: "/store/v1/carts" } },
          ],
          timeouts: { request: "75s" },
          backendRefs: [{ name: "shop-cart", port: 80 }],
        },
      ],
    },
  });
});
