import { EventLog, EventLogUnavailable } from "../../src/infra/eventstore";
import { newId } from "../../src/infra/runtime";
import { counterEvents, newCount } from "../support/counter";
import { startStores, type TestStores } from "../support/stores";

/* Several that append in one process: one that ends must harm none of the others. */

let stores: TestStores;
beforeAll(async () => {
  stores = await startStores({ need: { eventstore: true } });
});
afterAll(() => stores.stop());

test.each([
  ["at the same address", ""],
  ["at an address of its own", "&keepAliveInterval=12000"],
])("a log that is closed amid its appends, %s, cuts none of another's", async (_, more) => {
  const staying = new EventLog(stores.eventstoreUrl, counterEvents);
  let over = false;
  let appended = 0;
  const goesOn = async () => {
    while (!over) {
      const result = await staying.append(`counter-${newId()}`, [newCount()], -1);
      expect(result.ok).toBe(true);
      appended++;
    }
  };
  const appenders = Array.from({ length: 8 }, goesOn);
  try {
    for (let round = 0; round < 20; round++) {
      const leaving = new EventLog(`${stores.eventstoreUrl}${more}`, counterEvents);
      const under = Array.from({ length: 5 }, () =>
        leaving.append(`counter-${newId()}`, [newCount()], -1).catch((error: unknown) => {
          if (!(error instanceof EventLogUnavailable)) throw error;
        }),
      );
      await Promise.race(under);
      await leaving.close();
      await leaving.close();
      await Promise.all(under);
    }
  } finally {
    over = true;
    await Promise.all(appenders);
  }
  expect(appended).toBeGreaterThan(20);
  await staying.close();
});
