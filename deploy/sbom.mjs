import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

/*
 * Writes dist/sbom.json: what the program needs to run, in CycloneDX. `npm sbom --omit=dev` alone would leave out every
 * package that something for tests needs as well, such as undici: so all are listed, and what the lock file says is only
 * for development is taken out.
 */
const options = { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 };
const bom = JSON.parse(execFileSync("npm", ["sbom", "--sbom-format=cyclonedx", "--sbom-type=application"], options));
const { name, packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const needed = new Set(
  Object.entries(packages)
    .filter(([path, { dev }]) => path !== "" && !dev)
    .map(([path, { version }]) => `${path.split("node_modules/").at(-1)}@${version}`),
);
const components = bom.components.filter((each) => needed.has(`${each.name}@${each.version}`));
const root = bom.metadata.component;
const refs = new Set([root["bom-ref"], ...components.map((each) => each["bom-ref"])]);
const dependencies = bom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
const metadata = { ...bom.metadata, component: { ...root, name } };
mkdirSync("dist", { recursive: true });
writeFileSync("dist/sbom.json", `${JSON.stringify({ ...bom, metadata, components, dependencies }, null, 2)}\n`);
