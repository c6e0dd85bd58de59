import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { gatewayConfig as configOf, startGateway } from "../engine/gateway";
import { type Settings, settings } from "../infra/config";
import { createLogger } from "../infra/observability";
import { isLoopback } from "../infra/security";
import { tlsOf } from "./access";
import { type Flags } from "./flags";
import { readRunRecord } from "./data-folder";
import { untilStopped } from "./process";
import { registeringAs } from "./registering";
import { tracingOf } from "./tracing";

/** `millrace gateway`: one address for services that run as processes of their own. */
export async function gateway(flags: Flags): Promise<void> {
  const chosen = gatewaySettings(flags);
  const log = createLogger({ level: chosen.logLevel });
  const tracing = tracingOf("gateway", chosen);
  const stopped = untilStopped(chosen.gatewayDrain * 1_000);
  const running = await startGateway({
    host: chosen.host,
    port: chosen.port,
    config: configOf(chosen),
    log,
    mongo: registerOf(chosen),
    adminKey: chosen.adminApiKey,
    serviceKey: chosen.serviceKey,
    registering: { ...registeringAs("gateway", chosen), url: undefined },
    tls: tlsOf(chosen, log),
    drain: isLoopback(chosen.host) ? 0 : chosen.gatewayDrain * 1_000,
  });
  let reloading: Promise<void> = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading
      .then(() => running.reload(configOf(gatewaySettings(flags))))
      .catch((error: unknown) => log.error({ err: error }, "the new settings cannot be used: the old ones stay"));
  });
  process.stdout.write(`gateway at ${running.url}\n`);
  await stopped;
  await running.stop();
  await tracing?.stop();
}

/** The settings; those in the file of `GATEWAY_CONFIG` go before the environment. */
function gatewaySettings(flags: Flags): Settings {
  const chosen = settings(process.env, flags);
  if (chosen.gatewayConfig === undefined) return chosen;
  let text: string;
  try {
    text = readFileSync(chosen.gatewayConfig, "utf8");
  } catch (error) {
    throw new Error(`GATEWAY_CONFIG: ${(error as Error).message}`, { cause: error });
  }
  return settings({ ...process.env, ...parseEnv(text) }, flags);
}

/** The MongoDB that instances register in: the one that is named, else that of the engine on the data folder. */
function registerOf({ mongodbUrlOperations, mongodbUrl, mongodbPrefix, dataDir }: Settings) {
  const url = mongodbUrlOperations ?? mongodbUrl ?? readRunRecord(dataDir)?.mongoUrl;
  return url === undefined ? undefined : { url, prefix: mongodbPrefix };
}
