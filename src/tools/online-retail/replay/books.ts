import { type BackOffice } from "../../http";
import { type ShopOrder, type StockLevel } from "./accounting";
import { type Movement } from "./movements";

/** The shop's own orders, newest first. */
export const shopOrders = (office: BackOffice): AsyncGenerator<ShopOrder> =>
  office.all<ShopOrder>("/admin/v1/orders?source=shop&limit=200");

/** The stock where the shop sells from. */
export async function stockLevels(office: BackOffice): Promise<readonly StockLevel[]> {
  const levels: StockLevel[] = [];
  for await (const { sku, onHand, reserved, available } of office.all<StockLevel>(
    "/admin/v1/stock?location=main&limit=500",
  ))
    levels.push({ sku, onHand, reserved, available });
  return levels;
}

/** Rows of a feed asked for at once. */
const ROWS = 20_000;

/** Every movement of stock, oldest first. */
export async function* stockMovements(office: BackOffice): AsyncGenerator<Movement> {
  for (let after: string | undefined; ;) {
    const path: string = `/analytics/v1/feeds/stock-movements?limit=${ROWS}${after === undefined ? "" : `&after=${after}`}`;
    const rows = await office.rows<Movement & { readonly cursor: string; readonly location: string }>(path);
    for (const row of rows) if (row.location === "main") yield row;
    after = rows.at(-1)?.cursor;
    if (rows.length < ROWS || after === undefined) return;
  }
}
