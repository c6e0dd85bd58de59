import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contextsOf } from "../../../src/engine/contexts";
import { codeFingerprint, snapshotHomes } from "../../../src/engine/snapshot-homes";
import { PersonalData } from "../../../src/infra/privacy";
import { catalogueOf, type AnyAggregate } from "../../../src/engine/context";

const contexts = contextsOf({ paymentTimeout: 60 });
const only = (...names: string[]) => snapshotHomes(contexts, contexts.filter(({ name }) => names.includes(name))); // prettier-ignore

test("snapshots lie in the database of the streams' own context, where it may be opened", () => {
  const whole = snapshotHomes(contexts, contexts);
  expect(whole("stock")).toBe("inventory");
  expect(whole("price")).toBe("pricing");
  expect(only("inventory", "ordering")("stock")).toBe("inventory");
});

test("a process that commands streams of others keeps theirs in its own; one that does not keeps none", () => {
  expect(only("ordering")("stock")).toBe("ordering");
  expect(only("ordering")("price")).toBeUndefined();
  expect(only("cart")("stock")).toBeUndefined();
});

test("no state with personal data is kept", () => {
  const catalogue = catalogueOf(contexts);
  const personal = new PersonalData(catalogue);
  const all: readonly AnyAggregate[] = contexts.flatMap(({ aggregates }) => aggregates);
  const keeping = all.filter(({ snapshot }) => snapshot !== undefined).map(({ category }) => category);
  expect(keeping.length).toBeGreaterThan(0);
  const types = Object.entries(catalogue).flatMap(([type, { category }]) => (keeping.includes(category) ? [type] : []));
  expect(types.filter((type) => personal.isPersonal(type))).toEqual([]);
});

test("the fingerprint of the code is another with every change, and heeds nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-code-"));
  try {
    const says = (file: string, text: string) => {
      writeFileSync(join(folder, file), text);
      return codeFingerprint(folder);
    };
    const first = says("stock.js", "1");
    expect(says("stock.js.map", "{}")).toBe(first);
    expect(says("stock.d.ts", "1")).toBe(first);
    expect(says("stock.js", "2")).not.toBe(first);
    expect(says("stock.js", "1")).toBe(first);
    expect(says("price.js", "1")).not.toBe(first);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
