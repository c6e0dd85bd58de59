import { get } from "node:http";

/* The container's health check: exit code 0 when requests can be sent here. */
const request = get(
  { host: "127.0.0.1", port: process.env.PORT ?? 8080, path: "/health/ready", timeout: 2_500 },
  ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1),
);
request.on("timeout", () => process.exit(1));
request.on("error", () => process.exit(1));
