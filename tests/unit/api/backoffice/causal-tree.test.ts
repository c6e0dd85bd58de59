import { causalTree, type Caused, causesOf, effectsOf } from "../../../../src/api/backoffice/causal-tree";
import { type Recorded } from "../../../../src/domains/kernel";

/** `id` by a command of its own, unless named, caused by an event or command. */
function event(position: number, id: string, causationId?: string, commandId = `do ${id}`): Recorded {
  const metadata = { commandId, causationId: causationId ?? commandId, correlationId: "c", actor: "key:test", schemaVersion: 1, occurredAt: "" }; // prettier-ignore
  return { id, stream: "s", revision: 0, position: BigInt(position), type: "E", data: {}, metadata, recordedAt: "" };
}
const shown = (tree: readonly Caused[]) => tree.map(({ event: { id }, depth }) => "  ".repeat(depth) + id);

const events = [
  event(1, "checked-out"),
  event(2, "placed", "checked-out"),
  event(3, "reserved-a", "checked-out", "reserve"),
  event(4, "reserved-b", "checked-out", "reserve"),
  event(5, "requested", "checked-out"),
  event(6, "authorised", "requested"),
  event(7, "confirmed", "authorised"),
  event(8, "by-command", "reserve"),
  event(9, "elsewhere", "an event that is not here"),
];

test("each event comes after what led to it, be that an event or a command", () => {
  expect(shown(causalTree(events))).toEqual([
    "checked-out",
    "  placed",
    "  reserved-a",
    "    by-command",
    "  reserved-b",
    "  requested",
    "    authorised",
    "      confirmed",
    "elsewhere",
  ]);
  expect(causalTree(events.toReversed())).toEqual(causalTree(events));
  expect(causalTree([])).toEqual([]);
});

test("up to the first cause, and down to the last effect", () => {
  const tree = causalTree(events);
  expect(shown(causesOf(tree, "confirmed"))).toEqual(["checked-out", "  requested", "    authorised"]);
  expect(shown(effectsOf(tree, "requested"))).toEqual(["  authorised", "    confirmed"]);
  expect(causesOf(tree, "checked-out")).toEqual([]);
  expect(effectsOf(tree, "elsewhere")).toEqual([]);
  expect(effectsOf(tree, "nothing")).toEqual([]);
});

test("events that name each other make no ring", () => {
  expect(shown(causalTree([event(1, "a", "b"), event(2, "b", "a")]))).toEqual(["a", "  b"]);
});
