import { type Recorded } from "../../../../src/domains/kernel";
import { Backlog } from "../../../../src/infra/runtime/backlog";
import { type TailMember } from "../../../../src/infra/runtime/log-tail";

const NOW = Date.parse("2026-01-01T00:01:00Z");

/** An event that the log took so many seconds before now. */
const event = (position: number, age: number): Recorded =>
  ({ position: BigInt(position), recordedAt: new Date(NOW - age * 1000).toISOString() }) as Recorded;

function setup(joinedAt = 1_000) {
  const tail = { came: 0, seen: () => tail.came };
  const member = { joinedAt: BigInt(joinedAt), inbox: [] as Recorded[] };
  const backlog = new Backlog(tail, ["Counted"], () => NOW);
  const arrive = (...events: Recorded[]) => {
    tail.came += events.length;
    member.inbox.push(...events);
  };
  return { backlog, member: member as unknown as TailMember, arrive, tail };
}

test("nothing is known before the work begins, and while another process does it", () => {
  const { backlog, member } = setup();
  expect(backlog.lag(-1n)).toEqual({ events: null, seconds: null });
  backlog.live(member);
  expect(backlog.lag(1_000n)).toEqual({ events: 0, seconds: 0 });
  backlog.unknown();
  expect(backlog.lag(1_000n)).toEqual({ events: null, seconds: null });
});

test("at the tail: what waits and what is under way, and the age of the oldest of them", () => {
  const { backlog, member, arrive } = setup();
  backlog.live(member);
  const events = [event(1_001, 9), event(1_002, 6), event(1_003, 3)];
  arrive(...events);
  expect(backlog.lag(1_000n)).toEqual({ events: 3, seconds: 9 });
  const [first, second, third] = member.inbox.splice(0) as [Recorded, Recorded, Recorded];
  member.inbox.push(third);
  backlog.begin([first, second]);
  expect(backlog.lag(1_000n)).toEqual({ events: 3, seconds: 9 });
  backlog.done();
  expect(backlog.lag(1_002n)).toEqual({ events: 1, seconds: 3 });
});

test("what came before the work began does not count", () => {
  const { backlog, member, tail } = setup();
  tail.came = 500;
  backlog.live(member);
  expect(backlog.lag(1_000n)).toEqual({ events: 0, seconds: 0 });
});

describe("catching up", () => {
  test("is estimated from what lay in the stretch so far, and what has come since is added", () => {
    const { backlog, member, arrive } = setup();
    backlog.catchingUp(member, 0n);
    expect(backlog.lag(0n)).toEqual({ events: null, seconds: null });
    backlog.begin([event(100, 300), event(200, 200)]);
    backlog.done();
    expect(backlog.lag(200n)).toEqual({ events: 8, seconds: 200 });
    arrive(event(1_100, 0));
    expect(backlog.lag(200n)).toEqual({ events: 9, seconds: 200 });
  });

  test("ends at the tail with what came meanwhile", () => {
    const { backlog, member, arrive } = setup();
    backlog.catchingUp(member, 0n);
    backlog.begin([event(1_000, 300)]);
    arrive(event(1_100, 4));
    backlog.done();
    backlog.live(member);
    expect(backlog.lag(1_000n)).toEqual({ events: 1, seconds: 4 });
  });
});

test("what catching up had handled before the tail brought it does not wait", () => {
  const { backlog, member, arrive } = setup();
  backlog.live(member);
  arrive(event(1_001, 2), event(1_002, 1));
  const [, second] = member.inbox.splice(0) as [Recorded, Recorded];
  backlog.passedOver(1);
  expect(backlog.lag(1_001n).events).toBe(1);
  backlog.begin([second]);
  backlog.done();
  expect(backlog.lag(1_002n)).toEqual({ events: 0, seconds: 0 });
});

test("stopped at an event: it and all after it wait, more and more of them", () => {
  const { backlog, member, arrive, tail } = setup();
  backlog.live(member);
  const events = [event(1_001, 9), event(1_002, 6), event(1_003, 3)] as const;
  arrive(...events);
  member.inbox.length = 0;
  backlog.begin(events);
  backlog.failed(events[1]);
  expect(backlog.lag(1_000n)).toEqual({ events: 2, seconds: 6 });
  tail.came += 10;
  expect(backlog.lag(1_000n)).toEqual({ events: 12, seconds: 6 });
});
