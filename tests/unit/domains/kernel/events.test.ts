import { z } from "zod";
import { defineEvents, millis, isBefore, sku, streamCategory, streamId, upcast } from "../../../../src/domains/kernel";

describe("events", () => {
  const { Moved } = defineEvents("cart", {
    Moved: {
      version: 3,
      schema: z.strictObject({ to: z.string(), by: z.string() }),
      upcasters: {
        1: (old: { target: string }) => ({ to: old.target }),
        2: (old: { to: string }) => ({ ...old, by: "unknown" }),
      },
    },
  });

  it("lifts old data through every version up to the current one", () => {
    expect(upcast(Moved, { target: "a" }, 1)).toEqual({ to: "a", by: "unknown" });
    expect(upcast(Moved, { to: "a" }, 2)).toEqual({ to: "a", by: "unknown" });
    expect(upcast(Moved, { to: "a", by: "b" }, 3)).toEqual({ to: "a", by: "b" });
  });

  it("says which upcaster is missing", () => {
    expect(() => upcast(Moved, {}, 0)).toThrow("no upcaster from version 0 to 1");
  });
});

describe("stream names", () => {
  it("split at the first hyphen, so that ids may hold hyphens", () => {
    expect(streamCategory("stock-main-AB-1")).toBe("stock");
    expect(streamId("stock-main-AB-1")).toBe("main-AB-1");
    expect(streamId("claim-sku:AB-1")).toBe("sku:AB-1");
  });
});

describe("moments", () => {
  it("compare by time, not by text", () => {
    expect(isBefore("2011-12-09T12:50:00Z", "2011-12-09T12:50:00.500Z")).toBe(true);
    expect(millis("1970-01-01T00:00:01Z")).toBe(1000);
  });
});

describe("SKU", () => {
  it.each(["85123A", "gift_0001_20", "A B", "ä", "15056BL"])("takes %p", (text) =>
    expect(sku.safeParse(text).success).toBe(true),
  );
  it.each(["", " A", "A ", "A/B", "A?B", "A#B", "A\nB", "x".repeat(65)])("refuses %p", (text) =>
    expect(sku.safeParse(text).success).toBe(false),
  );
});
