import { z } from "zod";
import { DEFAULT_LOCATION, stock, type StockCommand, stockId } from "../../../domains/inventory";
import { locationId, sku } from "../../../domains/kernel";
import { type Services } from "../../services";
import { executeUnless, portOf } from "../command-port";
import { type Known } from "../known";
import { adjustment, backorder, receipt } from "../stock";
import { type Bulk } from "./entries";

const place = { location: locationId.default(DEFAULT_LOCATION), sku };

export const stockEntry = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("receive").optional(), ...place, ...receipt.shape }),
  z.strictObject({ op: z.literal("adjust"), ...place, ...adjustment.shape }),
  z.strictObject({ op: z.literal("set-backorder"), ...place, ...backorder.shape }),
]);
type StockEntry = z.output<typeof stockEntry>;

/** Every back-office command of stock, many at once. */
export function bulkStock(services: Services, known: Known): Bulk<StockEntry> {
  const port = portOf(services);
  const commandOf = (entry: StockEntry): StockCommand => {
    const at = services.now();
    switch (entry.op) {
      case undefined:
      case "receive": {
        const { op: _, ...rest } = entry;
        return { type: "ReceiveStock", at, ...rest };
      }
      case "adjust": {
        const { op: _, ...rest } = entry;
        return { type: "AdjustStock", at, ...rest };
      }
      case "set-backorder": {
        const { op: _, ...rest } = entry;
        return { type: "SetBackorderPolicy", at, ...rest };
      }
    }
  };
  return {
    entry: stockEntry,
    names: ({ location, sku }) => ({ id: stockId(location, sku), sku }),
    aggregate: ({ location, sku }) => stockId(location, sku),
    run(entry, context) {
      const around = entry.op === "adjust" ? { ...context, reason: entry.reason } : context;
      const id = stockId(entry.location, entry.sku);
      return executeUnless(port, () => known.sku(entry.sku), stock, id, commandOf(entry), around);
    },
  };
}
