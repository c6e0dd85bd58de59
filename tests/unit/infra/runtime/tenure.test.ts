import { Tenure } from "../../../../src/infra/runtime/tenure";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const settled = () => jest.advanceTimersByTimeAsync(0);

describe("a tenure", () => {
  it("looks up again while one look hangs, and not without end where all do", async () => {
    const finish: (() => void)[] = [];
    const tenure = new Tenure(() => new Promise<void>((resolve) => finish.push(resolve)), 10);
    tenure.start(() => undefined);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(finish).toHaveLength(3);
    finish[1]?.();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(finish).toHaveLength(4);
    const stopped = tenure.stop();
    for (const end of finish) end();
    await stopped;
  });

  it("tells what goes wrong in it, and nothing of one that is over", async () => {
    const told: string[] = [];
    const fail: ((error: Error) => void)[] = [];
    const tenure = new Tenure(() => new Promise<void>((_, reject) => fail.push(reject)), 10);
    tenure.turn();
    tenure.start((error) => told.push(String(error)));
    await jest.advanceTimersByTimeAsync(20);
    fail[0]?.(new Error("in it"));
    await settled();
    tenure.turn();
    fail[1]?.(new Error("in the one before"));
    await settled();
    expect(told).toEqual(["Error: in it"]);
    await tenure.stop();
  });
});
