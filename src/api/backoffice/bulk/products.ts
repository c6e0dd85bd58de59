import { z } from "zod";
import { product, type ProductCommand } from "../../../domains/catalog";
import { type ProductId, productId, sku } from "../../../domains/kernel";
import { type CommandContext } from "../../../infra/runtime";
import { type Services } from "../../services";
import { type CatalogService, newIdFor } from "../catalog-service";
import { executeUnless, portOf } from "../command-port";
import { type Known } from "../known";
import { newProductFields, newSlug, newVariant, productChangeFields, slugged, variantChangeFields } from "../product-schemas"; // prettier-ignore
import { type Bulk } from "./entries";

const id = { id: productId };
const verb = <Op extends string>(op: Op) => z.strictObject({ op: z.literal(op), ...id });

export const productEntry = z.discriminatedUnion("op", [
  slugged(z.strictObject({ op: z.literal("create").optional(), ...newProductFields })),
  z.strictObject({ op: z.literal("revise"), ...id, ...z.object(productChangeFields).partial().shape }),
  z.strictObject({ op: z.literal("change-slug"), ...id, ...newSlug.shape }),
  z.strictObject({ op: z.literal("add-variant"), ...id, ...newVariant.shape }),
  z.strictObject({ op: z.literal("revise-variant"), ...id, sku, ...z.object(variantChangeFields).partial().shape }),
  z.strictObject({ op: z.literal("remove-variant"), ...id, sku }),
  verb("publish"),
  verb("unpublish"),
  verb("discontinue"),
]);
type ProductEntry = z.output<typeof productEntry>;

const idOf = (entry: ProductEntry, context: CommandContext): ProductId =>
  "id" in entry ? entry.id : newIdFor<ProductId>("product", context);

/** Every command of products, many at once. */
export function bulkProducts(services: Services, catalog: CatalogService, known: Known): Bulk<ProductEntry> {
  const port = portOf(services);

  return {
    entry: productEntry,
    names: (entry, context) => ({ id: idOf(entry, context), ...("sku" in entry && { sku: entry.sku }) }),
    aggregate: idOf,
    run(entry, context) {
      const execute = (command: ProductCommand) => port.execute(product, command.productId, command, context);
      const at = services.now();
      switch (entry.op) {
        case undefined:
        case "create": {
          const { op: _, ...content } = entry;
          const objection = () => known.categories(content.categories);
          const assumeNew = context.commandHash === undefined;
          return catalog.createProduct(content, context, { objection, assumeNew });
        }
        case "revise": {
          const { op: _, id: productId, ...changes } = entry;
          const objection = () => known.categories(changes.categories ?? []);
          const command = { type: "ReviseProduct", at, productId, ...changes } as const;
          return executeUnless(port, objection, product, productId, command, context);
        }
        case "change-slug":
          return catalog.changeProductSlug(entry.id, entry.slug, context);
        case "add-variant": {
          const { op: _, id: productId, ...variant } = entry;
          return catalog.addVariant(productId, variant, context);
        }
        case "revise-variant": {
          const { op: _, id: productId, ...changes } = entry;
          return execute({ type: "ReviseVariant", at, productId, ...changes });
        }
        case "remove-variant":
          return catalog.removeVariant(entry.id, entry.sku, context);
        case "publish":
          return execute({ type: "PublishProduct", at, productId: entry.id });
        case "unpublish":
          return execute({ type: "UnpublishProduct", at, productId: entry.id });
        case "discontinue":
          return execute({ type: "DiscontinueProduct", at, productId: entry.id });
      }
    },
  };
}
