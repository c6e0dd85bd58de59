import { z } from "zod";
import { sku } from "../../../domains/kernel";
import { price, priceId } from "../../../domains/pricing";
import { type Services } from "../../services";
import { executeUnless, portOf } from "../command-port";
import { type Known } from "../known";
import { newPrice, setPriceCommand } from "../prices";
import { type Bulk } from "./entries";

export const priceEntry = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("set").optional(), sku, ...newPrice.shape }),
  z.strictObject({ op: z.literal("withdraw"), sku, priceId }),
]);
type PriceEntry = z.output<typeof priceEntry>;

/** Both commands of prices, many at once. */
export function bulkPrices(services: Services, known: Known): Bulk<PriceEntry> {
  const port = portOf(services);
  return {
    entry: priceEntry,
    names: ({ sku }) => ({ sku }),
    aggregate: ({ sku }) => sku,
    run(entry, context) {
      switch (entry.op) {
        case undefined:
        case "set": {
          const { op: _, sku, ...terms } = entry;
          const command = setPriceCommand(sku, terms, context, services.now());
          const objection = async () => (await known.currency(terms.currency)) ?? (await known.sku(sku));
          return executeUnless(port, objection, price, sku, command, context);
        }
        case "withdraw": {
          const { sku, priceId } = entry;
          return port.execute(price, sku, { type: "WithdrawPrice", at: services.now(), sku, priceId }, context);
        }
      }
    },
  };
}
