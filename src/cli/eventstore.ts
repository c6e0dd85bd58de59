import { startEventStore } from "../infra/bundled/eventstore";
import { type Flags } from "./flags";
import { untilStopped, portFlag } from "./process";

/** `millrace eventstore`: the bundled event store alone, in this process. */
export async function eventstore(flags: Flags): Promise<void> {
  const text = (name: string): string | undefined => (typeof flags[name] === "string" ? flags[name] : undefined);
  const memory = flags["memory"] === true;
  const cert = text("tlsCert");
  const key = text("tlsKey");
  if ((cert === undefined) !== (key === undefined)) throw new Error("--tls-cert and --tls-key go together");
  const adminPassword = process.env["EVENTSTORE_DEFAULT_ADMIN_PASSWORD"] || undefined;
  const server = await startEventStore({
    port: portFlag(flags["port"], 2113),
    host: text("host") ?? "127.0.0.1",
    ...(memory ? { memory } : { data: text("data") ?? "./data/eventstore" }),
    fsync: flags["fsync"] !== false,
    systemProjections: flags["systemProjections"] === true,
    insecure: flags["insecure"] === true,
    ...(cert !== undefined && key !== undefined && { tls: { cert, key } }),
    // The real node's own variable.
    ...(adminPassword !== undefined && { adminPassword }),
    onShutdown: () => process.exit(0),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`event store on ${server.url}\n`);
  await untilStopped();
  await server.stop();
}
