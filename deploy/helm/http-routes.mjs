import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { format, resolveConfig } from "prettier";

/*
 * Writes the chart's HTTPRoutes from the gateway's table: `npm run build && node deploy/helm/http-routes.mjs`. The built
 * program is in dist/, or in the folder that is named.
 */

const require = createRequire(import.meta.url);
const dist = resolve(process.argv[2] ?? `${import.meta.dirname}/../../dist`);
const { httpRoutes } = require(`${dist}/api/gateway/http-routes.js`);
const { describedRoutes } = require(`${dist}/engine/routes.js`);

const file = `${import.meta.dirname}/millrace/files/http-routes.json`;
const routes = httpRoutes(describedRoutes(), { backend: (service) => service });
writeFileSync(file, await format(JSON.stringify(routes), { ...(await resolveConfig(file)), parser: "json" }));
