import { streamCategory } from "../../../src/domains/kernel";
import { catalogueOf } from "../../../src/engine/context";
import { contextsOf } from "../../../src/engine/contexts";
import { EventCodec } from "../../../src/infra/eventstore/codec";
import { resolved, sampleFiles, schemaComplaint, schemaOnFile, strayFiles, writeDown } from "../../support/contracts";

/* What was ever written to a log must read for ever. See tests/contracts/README.md. */

const contexts = contextsOf({ paymentTimeout: 60 });
const catalogue = catalogueOf(contexts);
const codec = new EventCodec(catalogue);
const types = contexts.flatMap(({ name: context, events }) =>
  Object.entries(events).map(([type, definition]) => ({ context, type, definition })),
);

const mode = process.env["MILLRACE_CONTRACTS"];
if (mode === "write" || mode === "rewrite")
  for (const { context, type, definition } of types) writeDown(context, type, definition, mode === "rewrite");

const files = sampleFiles();

describe.each(types)("$type", ({ context, type, definition }) => {
  const { version } = definition;
  const own = files.filter((file) => file.type === type);

  test(`has the schema that its version ${version} was written with`, () => {
    const complaint = schemaComplaint(type, definition, schemaOnFile(context, type, version));
    if (complaint !== undefined) throw new Error(complaint);
  });

  test("has a sample of every version from the first to the present one, in its context's folder", () => {
    const sampled = new Set(own.map((file) => file.version));
    expect([...sampled].toSorted((a, b) => a - b)).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    expect(new Set(own.map((file) => file.context))).toEqual(new Set([context]));
  });
});

test("no event type that was ever written has been dropped", () => {
  expect(files.filter(({ type }) => !(type in catalogue)).map(({ path }) => path)).toEqual([]);
});

test("there is nothing else in the folder", () => {
  expect(strayFiles()).toEqual([]);
});

test.each(files)("$path still reads", ({ type, version, sample }) => {
  const definition = catalogue[type];
  expect(sample).toMatchObject({ type, metadata: { schemaVersion: version } });
  expect(streamCategory(sample.stream)).toBe(definition?.category);

  const recorded = codec.decode(resolved(sample));
  expect(recorded).toMatchObject({ stream: sample.stream, type, metadata: sample.metadata });
  // Strict: nothing is missing, and nothing is left that the present version does not know.
  expect(definition?.schema.parse(recorded?.data)).toEqual(recorded?.data);
  // Upcasters are pure: they change nothing of what they are given.
  expect(codec.decode(resolved(sample))).toEqual(recorded);
});
