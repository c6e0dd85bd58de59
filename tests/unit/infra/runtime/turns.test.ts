import { Turns } from "../../../../src/infra/runtime/turns";

describe("turns", () => {
  it("lets so many work at once and no more, in the order in which they came, also where one fails", async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const works = [0, 1, 2, 3].map((n) =>
      turns.take(async () => {
        begun.push(n);
        await new Promise<void>((resolve) => ends.push(resolve));
        if (n === 0) throw new Error("fails");
        return n;
      }),
    );
    const outcomes = Promise.allSettled(works);
    const passed = () => new Promise((resolve) => setImmediate(resolve));
    await passed();
    expect(begun).toEqual([0, 1]);
    ends[0]?.();
    await passed();
    expect(begun).toEqual([0, 1, 2]);
    ends[1]?.();
    await passed();
    expect(begun).toEqual([0, 1, 2, 3]);
    ends[2]?.();
    ends[3]?.();
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled"]);
    expect(await turns.take(async () => "free again")).toBe("free again");
  });
});
