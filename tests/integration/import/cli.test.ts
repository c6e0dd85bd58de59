import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importFile } from "../../../src/cli/import";
import { contextsOf } from "../../../src/engine/contexts";
import { Engine } from "../../../src/engine/engine";
import { TEST_MASTER_KEY, TEST_MASTER_KEYS } from "../../support/master-keys";
import { startStores, uniquePrefix } from "../../support/stores";

const EXCERPT = join(__dirname, "../../fixtures/online-retail/excerpt.csv");

let folder: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-import-cli-"));
  said = [];
  jest.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
});
afterEach(() => {
  jest.restoreAllMocks();
  delete process.env["MONGODB_PREFIX"];
  delete process.env["MASTER_KEY"];
  rmSync(folder, { recursive: true });
});

test("where nothing runs, the stores come up on the data folder, and the read models are built", async () => {
  await importFile(EXCERPT, { data: folder });
  expect(said.join("")).toMatch(/359 rows[^]*documents +47 new, 0 known[^]*Read models are level [\d.]+ s after the import\.\nMillrace's own processes held at most \d+ MiB\.\n$/); // prettier-ignore
  said = [];
  await importFile(EXCERPT, { data: folder });
  expect(said.join("")).toMatch(/documents +0 new, 47 known[^]*events +0 written/);
}, 120_000);

test("into given stores it writes only, and looks on as their workers follow", async () => {
  const stores = await startStores();
  const mongoPrefix = uniquePrefix();
  process.env["MONGODB_PREFIX"] = mongoPrefix;
  process.env["MASTER_KEY"] = TEST_MASTER_KEY;
  const { eventstoreUrl, mongoUrl } = stores;
  const contexts = contextsOf({ paymentTimeout: 60 });
  const report = () => undefined;
  const engine = await Engine.start({
    contexts,
    eventstoreUrl,
    mongoUrl,
    mongoPrefix,
    masterKeys: TEST_MASTER_KEYS,
    work: "all",
    report,
  });
  try {
    await importFile(EXCERPT, { data: folder, eventstore: eventstoreUrl, mongodb: mongoUrl });
    expect(said.join("")).toMatch(/documents +47 new, 0 known[^]*Read models are level/);
    expect(await engine.models.get("ordering", "orders").collection.countDocuments()).toBe(47);
  } finally {
    await engine.stop();
    await stores.stop();
  }
}, 120_000);

test("what is wrong is said in one clear line, before anything is set going", async () => {
  const data = join(folder, "data");
  await expect(importFile(join(folder, "none.csv"), { data })).rejects.toThrow(/none\.csv cannot be read: there is no such file\.$/); // prettier-ignore
  const other = join(folder, "other.csv");
  writeFileSync(other, "a,b\n1,2\n");
  await expect(importFile(other, { data })).rejects.toThrow(/is not the Online Retail data set/);
  process.env["MASTER_KEY"] = TEST_MASTER_KEY;
  const nowhere = { data, eventstore: "esdb://user:secret@127.0.0.1:1?tls=false", mongodb: "mongodb://127.0.0.1:1" };
  await expect(importFile(EXCERPT, nowhere)).rejects.toThrow(/^The event store at esdb:\/\/…@127\.0\.0\.1:1\?tls=false cannot be reached: [^\n]*ECONNREFUSED[^\n]*$/); // prettier-ignore
});
