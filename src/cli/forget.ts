import { newId } from "../infra/runtime";
import { settings } from "../infra/config";
import { ShopClient } from "../tools/http";
import { type Flags } from "./flags";
import { expectAnswer, keyOf, runningShop } from "./running-shop";

/** `millrace forget ID`: has the running shop forget a person. */
export async function forget(id: string, flags: Flags): Promise<void> {
  const { dataDir } = settings(process.env, flags);
  const running = runningShop(dataDir, flags);
  if (running === undefined)
    throw new Error(`No shop runs on ${dataDir}: start one with millrace start, or name one with --url.`);
  const key = keyOf(running, dataDir);
  await expectAnswer(running);
  const client = new ShopClient({ url: running.url, connections: 1 });
  try {
    await client.done({
      method: "POST",
      path: `/admin/v1/people/${encodeURIComponent(id)}/forget`,
      kind: "forget",
      headers: ["Content-Type", "application/json", "X-API-Key", key, "Idempotency-Key", newId()],
      body: JSON.stringify(typeof flags["reason"] === "string" ? { reason: flags["reason"] } : {}),
    });
  } finally {
    await client.close();
  }
  process.stdout.write("Forgotten. millrace verify --forgotten tells whether anything is left.\n");
}
