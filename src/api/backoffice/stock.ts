import { z } from "zod";
import {
  available,
  type InventoryEvent,
  stock,
  type StockCommand,
  stockDelta,
  stockId,
  stockReason,
  stockReference,
  type StockState,
} from "../../domains/inventory";
import { DomainError, type LocationId, locationId, notFound, quantity, type Sku, sku } from "../../domains/kernel";
import { type Accepted } from "../../infra/runtime";
import { type LevelDocument } from "../../projections/inventory";
import { cursor, encodeCursor, limit, ok, type Route, route, wholeNumber } from "../http";
import { type Services } from "../services";
import { executeUnless, portOf } from "./command-port";
import { changing, commandOf, pageOf, reading, written } from "./conventions";
import { type Known } from "./known";

/** What is sent of each command; the bulk form takes the same. */
export const receipt = z.strictObject({ quantity, reference: stockReference.optional() });
export const adjustment = z.strictObject({ delta: stockDelta, reason: stockReason });
export const backorder = z.strictObject({ allowBackorder: z.boolean() });

const shown = {
  location: z.string(),
  sku: z.string(),
  onHand: z.int(),
  reserved: z.int(),
  available: z.int().describe("On hand less reserved; below 0 where more was promised than there is."),
  allowBackorder: z.boolean(),
  revision: z.int(),
};
const levelSchema = z.object(shown).meta({ id: "StockLevel" });
const readLevelSchema = z
  .object({ ...shown, reservations: z.int().describe("How many are open."), updatedAt: z.string() })
  .meta({ id: "StockLevelRead" });

const place = z.tuple([z.string(), z.string()]);
const listQuery = z.strictObject({
  sku: sku.optional(),
  location: locationId.optional(),
  below: wholeNumber(-1_000_000_000, 1_000_000_000).describe("Only where fewer than this are available.").optional(),
  limit: limit(50, 500),
  cursor: cursor(place).optional(),
});

const params = z.object({ location: locationId, sku });
const answers = { 200: { description: "The level as it is now", schema: levelSchema } };

/** Stock by location and SKU. */
export function stockRoutes(services: Services, known: Known): readonly Route[] {
  const levels = services.models.get<LevelDocument>("inventory", "levels");
  const port = portOf(services);

  /** A command on one level; the SKU must be one that a product has. */
  async function change(
    { location, sku }: { readonly location: LocationId; readonly sku: Sku },
    command: StockCommand,
    around: ReturnType<typeof commandOf>,
  ) {
    const outcome = await services.together(around, () =>
      executeUnless(port, () => known.sku(sku), stock, stockId(location, sku), command, around),
    );
    return outcome instanceof DomainError ? outcome : ok(levelAfter(location, sku, outcome), written(outcome));
  }

  return [
    route({
      ...reading("readStock"),
      method: "GET",
      path: "/admin/v1/stock",
      operationId: "listStock",
      summary: "Stock levels, by SKU and location",
      query: listQuery,
      responses: { 200: { description: "A page of levels", schema: pageOf(readLevelSchema) } },
      async handler({ query, consistencyToken }) {
        await services.level(levels, consistencyToken);
        const { sku, location, below, limit, cursor: from } = query;
        const filter = {
          ...(sku !== undefined && { sku }),
          ...(location !== undefined && { location }),
          ...(below !== undefined && { available: { $lt: below } }),
        };
        const page = from ? { $and: [filter, afterPlace(from)] } : filter;
        const [found, total] = await Promise.all([
          levels.collection
            .find(page as never)
            .sort({ sku: 1, location: 1 })
            .limit(limit + 1)
            .toArray(),
          levels.collection.countDocuments(filter),
        ]);
        const items = found.slice(0, limit);
        const last = items.at(-1);
        const nextCursor = found.length > limit && last ? encodeCursor([last.sku, last.location]) : null;
        return ok({ items: items.map(readView), nextCursor, total });
      },
    }),
    route({
      ...reading("readStock"),
      method: "GET",
      path: "/admin/v1/stock/:location/:sku",
      operationId: "getStock",
      summary: "The stock of a SKU at a location",
      params,
      responses: { 200: { description: "The level; its ETag is for If-Match", schema: readLevelSchema } },
      refusals: { "stock-not-found": 404 },
      async handler({ params: { location, sku }, consistencyToken }) {
        const id = stockId(location, sku);
        await services.level(levels, consistencyToken, `stock-${id}`);
        const found = await levels.get(id);
        if (!found) return notFound("stock-not-found", `There has never been any ${sku} at ${location}.`);
        return ok(readView(found), { etag: found.revision });
      },
    }),
    route({
      ...changing("writeStock"),
      method: "POST",
      path: "/admin/v1/stock/:location/:sku/receipts",
      operationId: "receiveStock",
      summary: "Take in goods",
      params,
      body: receipt,
      responses: answers,
      refusals: { "sku-not-found": 404 },
      handler: (context) =>
        change(
          context.params,
          { type: "ReceiveStock", at: services.now(), ...context.params, ...context.body },
          commandOf(context),
        ),
    }),
    route({
      ...changing("writeStock"),
      method: "POST",
      path: "/admin/v1/stock/:location/:sku/adjustments",
      operationId: "adjustStock",
      summary: "Correct the books by pieces found or missing",
      params,
      body: adjustment,
      responses: answers,
      refusals: { "sku-not-found": 404, "insufficient-stock": 409 },
      handler: (context) =>
        change(
          context.params,
          { type: "AdjustStock", at: services.now(), ...context.params, ...context.body },
          commandOf(context, context.body.reason),
        ),
    }),
    route({
      ...changing("writeStock"),
      method: "PUT",
      path: "/admin/v1/stock/:location/:sku/backorder",
      operationId: "setBackorder",
      summary: "Say whether more may be sold than there is",
      params,
      body: backorder,
      responses: answers,
      refusals: { "sku-not-found": 404 },
      handler: (context) =>
        change(
          context.params,
          { type: "SetBackorderPolicy", at: services.now(), ...context.params, ...context.body },
          commandOf(context),
        ),
    }),
  ];
}

function levelAfter(location: LocationId, sku: Sku, { state, revision }: Accepted<InventoryEvent, StockState>) {
  const { onHand, reserved, allowBackorder } = state;
  return { location, sku, onHand, reserved, available: available(state), allowBackorder, revision };
}

const readView = ({ _id: _, ...level }: LevelDocument) => level;

const afterPlace = ([sku, location]: z.output<typeof place>): object => ({
  $or: [{ sku: { $gt: sku } }, { sku, location: { $gt: location } }],
});
