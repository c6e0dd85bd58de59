import { setTimeout as sleep } from "node:timers/promises";
import { type BackOffice } from "../../http";
import { account, type Accounting, type ShopOrder } from "./accounting";
import { shopOrders, stockLevels, stockMovements } from "./books";
import { type ReplayCart } from "./carts";
import { Movements } from "./movements";

export interface AuditOptions {
  readonly run: string;
  readonly carts: readonly ReplayCart[];
  /** How long the shop's lists may take to say the same, in ms. */
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;

/**
 * Holds the shop's books against the file. What it reads are read models, each of which follows the log at its own
 * pace: as long as something is amiss it looks again, and what is still amiss when patience is over is a fault.
 */
export async function audit(office: BackOffice, { run, carts, patience, signal }: AuditOptions): Promise<Accounting> {
  const deadline = performance.now() + patience;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
    const orders: ShopOrder[] = [];
    for await (const order of shopOrders(office)) orders.push(order);
    const movements = new Movements();
    for await (const movement of stockMovements(office)) movements.add(movement);
    const accounting = account({ run, carts, orders, levels: await stockLevels(office), movements });
    if (accounting.faultCount === 0 || performance.now() > deadline) return accounting;
    await sleep(pause, undefined, { signal });
  }
}
