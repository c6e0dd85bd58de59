import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { format, resolveConfig } from "prettier";

/* Writes the chart's HTTPRoutes from the gateway's table: `npm run build && node deploy/helm/http-routes.mjs`. */

const require = createRequire(import.meta.url);
const { httpRoutes } = require("../../dist/api/gateway/http-routes.js");
const { describedRoutes } = require("../../dist/engine/touchpoints.js");

const file = `${import.meta.dirname}/millrace/files/http-routes.json`;
const routes = httpRoutes(describedRoutes(), { backend: (service) => service });
writeFileSync(file, await format(JSON.stringify(routes), { ...(await resolveConfig(file)), parser: "json" }));
