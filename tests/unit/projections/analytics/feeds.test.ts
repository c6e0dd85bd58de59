import { analyticsFeeds } from "../../../../src/projections/analytics";

describe("analytics feeds", () => {
  it("are these, each with its description and dimensions", () => {
    const names = ["order-lines", "orders", "stock-movements", "products", "cart-events", "audit"];
    expect(analyticsFeeds.map(({ name }) => name)).toEqual(names);
    for (const { context, description, dimensions, events } of analyticsFeeds) {
      expect(context).toBe("analytics");
      expect(description.length).toBeGreaterThan(40);
      for (const list of [dimensions, events]) expect(new Set(list).size).toBe(list.length);
      expect(dimensions).not.toContain("month");
      for (const dimension of dimensions) expect(dimension).toMatch(/^[A-Za-z]+$/);
    }
  });
});
