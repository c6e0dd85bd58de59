import { z } from "zod";
import { currencyCode, decimal, display, type Money } from "../../domains/kernel";

/* Shapes that several touchpoints answer with. The `id` makes each a named schema of the OpenAPI document. */

export const moneySchema = z
  .object({ amount: decimal, currency: currencyCode })
  .meta({ id: "Money", description: "An exact amount; never a float.", example: { amount: "2.55", currency: "GBP" } });

/** An amount with the digits its currency has, more where the exact amount has them. */
export const moneyView = (amount: string, currency: string): Money =>
  ({ amount: display(amount, currency), currency }) as Money;

export const mediaSchema = z
  .object({ type: z.enum(["image", "video", "document"]), url: z.string(), alt: z.string().optional() })
  .meta({ id: "Media" });
