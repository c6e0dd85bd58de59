import { BACKWARDS, binaryEvent, END, ErrorType, START, type ResolvedEvent } from "@eventstore/db-client";
import { numbersOf, readAllFiltered } from "./raw";
import { all, event, events, fresh, numbers, refusal, revisions, subject } from "./support";

const server = subject();

describe("reading a stream", () => {
  const stream = fresh();
  beforeAll(() => server.client.appendToStream(stream, events(300)));

  it.each([
    ["all", {}, [...Array(300).keys()]],
    ["the first ones", { maxCount: 3 }, [0, 1, 2]],
    ["from a revision", { fromRevision: 297n }, [297, 298, 299]],
    ["a page in the middle", { fromRevision: 127n, maxCount: 3 }, [127, 128, 129]],
    ["from past the end", { fromRevision: 1000n }, []],
    ["backwards from the end", { direction: BACKWARDS, fromRevision: END, maxCount: 3 }, [299, 298, 297]],
    ["backwards from a revision", { direction: BACKWARDS, fromRevision: 2n }, [2, 1, 0]],
    ["backwards from past the end", { direction: BACKWARDS, fromRevision: 5000n, maxCount: 2 }, [299, 298]],
    ["backwards from the start", { direction: BACKWARDS, fromRevision: START }, [0]],
  ] as const)("answers %s", async (_, options, expected) => {
    expect(await revisions(server.client.readStream(stream, options))).toEqual([...expected]);
  });

  it("gives way when the reader breaks off, and goes on serving", async () => {
    for (let time = 0; time < 5; time++) {
      for await (const { event: first } of server.client.readStream(stream)) {
        expect(first?.revision).toBe(0n);
        break;
      }
    }
    expect(await all(server.client.readStream(stream, { maxCount: 10 }))).toHaveLength(10);
  });

  it("serves many readers at once", async () => {
    const lengths = await Promise.all(
      Array.from({ length: 30 }, async () => (await all(server.client.readStream(stream))).length),
    );
    expect(lengths).toEqual(Array(30).fill(300));
  });

  it("shows an append to the next read, as soon as it is acknowledged", async () => {
    const own = fresh();
    for (let n = 0; n < 50; n++) {
      await server.client.appendToStream(own, event(n));
      const [last] = await all(server.client.readStream(own, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }));
      expect(last?.event?.revision).toBe(BigInt(n));
    }
  });

  it("says that a stream does not exist", async () => {
    expect(await refusal(all(server.client.readStream(fresh())))).toBe(ErrorType.STREAM_NOT_FOUND);
  });
});

describe("links", () => {
  const target = fresh();
  const links = fresh("links");
  beforeAll(async () => {
    await server.client.appendToStream(target, events(3));
    await server.client.appendToStream(
      links,
      [`2@${target}`, `0@${target}`, `9@${target}`, `0@${fresh()}`].map((to) =>
        binaryEvent({ type: "$>", data: Buffer.from(to) }),
      ),
    );
  });

  it("are followed on demand, in the order of the links", async () => {
    const found = await all(server.client.readStream(links, { resolveLinkTos: true, maxCount: 2 }));
    expect(found.map(({ event: to, link: by }) => [to?.streamId, to?.revision, by?.streamId, by?.revision])).toEqual([
      [target, 2n, links, 0n],
      [target, 0n, links, 1n],
    ]);
    expect(numbers(found)).toEqual([2, 0]);
    expect(
      found.every((each) => each.commitPosition === each.link?.position?.commit || each.commitPosition !== undefined),
    ).toBe(true);
  });

  it("are events of their own otherwise", async () => {
    const found = await all(server.client.readStream(links, { maxCount: 1 }));
    expect(found[0]?.link).toBeUndefined();
    expect(found[0]?.event?.type).toBe("$>");
  });

  it("that lead nowhere come without an event", async () => {
    const found = await all(server.client.readStream(links, { resolveLinkTos: true, fromRevision: 2n }));
    expect(found.map(({ event: to, link: by }) => [to, by?.revision])).toEqual([
      [undefined, 2n],
      [undefined, 3n],
    ]);
  });

  it("lead nowhere once the stream they point to is deleted", async () => {
    const [gone, pointing] = [fresh(), fresh("links")];
    await server.client.appendToStream(gone, events(1));
    await server.client.appendToStream(pointing, binaryEvent({ type: "$>", data: Buffer.from(`0@${gone}`) }));
    await server.client.deleteStream(gone);
    const [found] = await all(server.client.readStream(pointing, { resolveLinkTos: true }));
    expect(found?.event).toBeUndefined();
    expect(found?.link?.streamId).toBe(pointing);
  });
});

describe("reading everything", () => {
  const prefix = fresh("every");
  const odd = fresh("odd");
  const written: string[] = [];
  beforeAll(async () => {
    for (let n = 0; n < 40; n++) {
      const stream = `${prefix}-${n % 3}`;
      await server.client.appendToStream(stream, event(n, n % 2 ? `${odd}-thing` : "even-thing"));
      written.push(stream);
    }
  });
  const ours = (found: readonly ResolvedEvent[]) => found.filter((each) => each.event?.streamId.startsWith(prefix));

  it("answers in the order of the appends, forwards and backwards", async () => {
    const forwards = ours(await all(server.client.readAll()));
    expect(forwards.map((each) => each.event?.streamId)).toEqual(written);
    const backwards = ours(await all(server.client.readAll({ direction: BACKWARDS, fromPosition: END })));
    expect(numbers(backwards)).toEqual(numbers(forwards).reverse());
  });

  it("has positions that only grow, at which reading goes on inclusively", async () => {
    const found = ours(await all(server.client.readAll()));
    const positions = found.map((each) => each.event?.position?.commit as bigint);
    expect(positions.every((position, i) => i === 0 || position > (positions[i - 1] as bigint))).toBe(true);
    const at = found[10]?.event?.position as { commit: bigint; prepare: bigint };
    expect(numbers(await all(server.client.readAll({ fromPosition: at, maxCount: 3 })))).toEqual([10, 11, 12]);
    expect(numbers(await all(server.client.readAll({ direction: BACKWARDS, fromPosition: at, maxCount: 3 })))).toEqual([
      9, 8, 7,
    ]);
    expect(await all(server.client.readAll({ direction: BACKWARDS, fromPosition: START }))).toHaveLength(0);
  });

  it.each([
    ["a stream prefix", { prefixes: [`${prefix}-1`] }, (n: number) => n % 3 === 1],
    ["two stream prefixes", { prefixes: [`${prefix}-1`, `${prefix}-2`] }, (n: number) => n % 3 !== 0],
    ["a stream name pattern", { regex: `^${prefix}-[02]$` }, (n: number) => n % 3 !== 1],
  ])("filters by %s", async (_, filter, keep) => {
    const expected = [...Array(40).keys()].filter(keep);
    const found = await readAllFiltered(server.url, { on: "stream", ...filter });
    expect(numbersOf(found)).toEqual(expected);
    const backwards = await readAllFiltered(server.url, { on: "stream", ...filter, backwards: true });
    expect(numbersOf(backwards)).toEqual(expected.reverse());
  });

  it.each([
    ["an event type prefix", { prefixes: [`${odd}-`] }],
    ["an event type pattern", { regex: `^${odd}-thing$` }],
  ])("filters by %s", async (_, filter) => {
    const found = await readAllFiltered(server.url, { on: "type", ...filter });
    expect(numbersOf(found)).toEqual([...Array(40).keys()].filter((n) => n % 2 === 1));
  });

  it("counts only what passes the filter", async () => {
    const found = await readAllFiltered(server.url, { on: "stream", prefixes: [`${prefix}-2`], count: 4 });
    expect(numbersOf(found)).toEqual([2, 5, 8, 11]);
  });

  it("gives ids in the form that was asked for", async () => {
    const read = { on: "stream", prefixes: [`${prefix}-1`], count: 3 } as const;
    const texts = (await readAllFiltered(server.url, read)).map((each) => each.getEvent()?.getEvent()?.getId());
    const halves = (await readAllFiltered(server.url, { ...read, structuredIds: true })).map((each) =>
      each.getEvent()?.getEvent()?.getId()?.getStructured(),
    );
    const hex = (half: string | undefined) =>
      BigInt.asUintN(64, BigInt(half ?? 0))
        .toString(16)
        .padStart(16, "0");
    expect(halves.map((id) => hex(id?.getMostSignificantBits()) + hex(id?.getLeastSignificantBits()))).toEqual(
      texts.map((id) => id?.getString().replaceAll("-", "") || hex(undefined) + hex(undefined)),
    );
  });

  it("refuses a pattern that is none", async () => {
    const read = readAllFiltered(server.url, { on: "stream", regex: "(" });
    await expect(read).rejects.toThrow();
  });
});
