import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/* What the program is made of (CycloneDX): `npm run sbom` writes dist/sbom.json, as pipelines and the image do. */

const ROOT = join(__dirname, "../../..");

interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly "bom-ref": string; readonly type: string } };
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
}
interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean; readonly optional?: boolean }>>; // prettier-ignore
}

test("has every package that is needed to run, in its version, and none that is only needed to build or test", () => {
  execFileSync("npm", ["run", "--silent", "sbom"], { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
  const json = <T>(path: string): T => JSON.parse(readFileSync(join(ROOT, path), "utf8")) as T;
  const bom = json<Bom>("dist/sbom.json");
  const listed = new Set(bom.components.map(({ name, version }) => `${name}@${version}`));
  const packages = Object.entries(json<Lock>("package-lock.json").packages).flatMap(([path, about]) => {
    const name = path.split("node_modules/").at(-1) ?? "";
    return name === "" ? [] : [{ id: `${name}@${about.version}`, ...about }];
  });
  const needed = packages.filter(({ dev, optional }) => !dev && !optional).map(({ id }) => id);
  const forTests = packages.filter(({ dev }) => dev).map(({ id }) => id);
  expect([bom.bomFormat, bom.metadata.component.type]).toEqual(["CycloneDX", "application"]);
  expect(needed.filter((id) => !listed.has(id))).toEqual([]);
  expect(forTests.filter((id) => listed.has(id) && !needed.includes(id))).toEqual([]);
  const { dependencies } = json<{ readonly dependencies: Readonly<Record<string, string>> }>("package.json");
  const names = new Set(bom.components.map(({ name }) => name));
  expect(Object.keys(dependencies).filter((name) => !names.has(name))).toEqual([]);
  expect(bom.components.every(({ purl }) => purl.startsWith("pkg:npm/"))).toBe(true);
});
