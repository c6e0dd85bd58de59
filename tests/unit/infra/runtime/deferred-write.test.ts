import { DeferredWrite } from "../../../../src/infra/runtime/deferred-write";
import { eventually } from "../../../support/eventually";

test("at once after a rest; many that come together are one more", async () => {
  let writes = 0;
  const write = new DeferredWrite(() => Promise.resolve(void writes++), 500);
  await write.request();
  expect(writes).toBe(1);
  await Promise.all([write.request(), write.request(), write.request()]);
  expect(writes).toBe(1);
  await eventually(() => writes === 2);
  await write.flush();
  expect(writes).toBe(2);
});

test("what is asked for while a write is under way is written by the next, though nobody asks again", async () => {
  let value = 1;
  const written: number[] = [];
  let finish: () => void = () => undefined;
  const write = new DeferredWrite(async () => {
    const now = value;
    await new Promise<void>((resolve) => (finish = resolve));
    written.push(now);
  }, 5);
  const first = write.request();
  value = 2;
  await write.request();
  finish();
  await first;
  await eventually(() => {
    finish();
    return written.length === 2;
  }, 2_000);
  expect(written).toEqual([1, 2]);
});

test("a deferred write that fails is told to the next who asks, and done again", async () => {
  let fails = true;
  let writes = 0;
  const write = new DeferredWrite(() => {
    writes++;
    return writes > 1 && fails ? Promise.reject(new Error("away")) : Promise.resolve();
  }, 5);
  await write.request();
  await write.request();
  await eventually(() => writes === 2);
  await expect(write.request()).rejects.toThrow("away");
  fails = false;
  await write.flush();
  expect(writes).toBe(3);
});

test("who only looks now and then hears of it too, once", async () => {
  let writes = 0;
  const write = new DeferredWrite(() => (writes++ > 0 ? Promise.reject(new Error("away")) : Promise.resolve()), 5);
  await write.request();
  await write.request();
  write.raise();
  await eventually(() => {
    expect(() => write.raise()).toThrow("away");
    return true;
  });
  expect(() => write.raise()).not.toThrow();
});
