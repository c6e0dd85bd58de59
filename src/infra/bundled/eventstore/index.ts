import { readFileSync } from "node:fs";
import { Access } from "./core/access";
import { replay } from "./core/replay";
import { Scavenger } from "./core/scavenger";
import { Store } from "./core/store";
import { DEFAULT_USERS, Users } from "./core/users";
import { MAX_APPEND_SIZE, type Context } from "./handlers/context";
import { httpRoutes } from "./handlers/http";
import { buildRoutes } from "./handlers/routes";
import { type EventStoreOptions, type RunningEventStore } from "./options";
import { GroupManager } from "./persistent/manager";
import { Projector } from "./projections/projector";
import { openFolder, openMemory } from "./storage/open-storage";
import { GrpcServer } from "./transport/grpc-server";

export { type EventStoreOptions, type RunningEventStore } from "./options";

const isLoopback = (host: string): boolean => host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);

/**
 * Starts a server that speaks EventStoreDB's protocol. Rejects with one clear sentence when the data folder is damaged,
 * not its own or in use, when the port is taken, and when it would be open to others unprotected.
 */
export async function startEventStore(options: EventStoreOptions): Promise<RunningEventStore> {
  const { host = "127.0.0.1", port, data, memory = false, fsync = true, tls, insecure = false } = options;
  const report = options.log ?? (() => undefined);
  const auth = options.auth ?? tls !== undefined;
  if (!isLoopback(host) && !insecure && !(tls && auth)) {
    throw new Error(
      `Refusing to listen on ${host}, where others can reach it, without TLS and passwords; ` +
        "give a certificate and its key, or say --insecure.",
    );
  }
  if (memory ? data !== undefined : data === undefined) throw new Error("Give either a data folder or memory.");
  if (!fsync && !memory)
    report("WARNING: without fsync, appends that were acknowledged are lost when the machine fails.");
  const certificate = tls && { cert: readPem(tls.cert), key: readPem(tls.key) };

  const storage = data === undefined ? openMemory() : await openFolder(data, fsync, report);
  const store = new Store(storage.log, storage.index, data !== undefined, report);
  const close = async (): Promise<void> => {
    await store.close();
    storage.release();
  };
  try {
    await replay(store, storage.replayFrom);
    const access = new Access(store.streams, auth);
    const users = new Users(store);
    await users.addDefaults(options.adminPassword);
    if (auth && !isLoopback(host)) await warnOfKnownPasswords(users, report);
    const authenticate: Context["authenticate"] = (authorization) =>
      access.enabled ? users.authenticate(authorization) : undefined;
    const context: Context = { store, access, authenticate, maxAppendSize: MAX_APPEND_SIZE, report };
    const groups = new GroupManager(store, report);
    const scavenger = new Scavenger(store, report);
    const projector = options.systemProjections ? new Projector(store, report) : undefined;
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> =>
      (stopping ??= (async () => {
        projector?.stop();
        groups.stop();
        await server.close();
        await close();
      })());
    const shutdown = (): void => {
      report("An operator asked the server to end.");
      void stop().then(() => options.onShutdown?.());
    };
    const node = {
      host,
      port: () => server.port,
      openCalls: () => server.open,
      connections: () => server.connections,
    };
    const server: GrpcServer = await GrpcServer.listen({
      host,
      port,
      routes: buildRoutes({ context, groups, users, scavenger, node, shutdown }),
      authenticate,
      http: httpRoutes(context, node),
      ...(certificate && { tls: certificate }),
    });
    const name = host.includes(":") ? `[${host}]` : host;
    return { port: server.port, url: `esdb://${name}:${server.port}?tls=${certificate ? "true" : "false"}`, stop };
  } catch (error) {
    await close();
    throw portProblem(error, host, port);
  }
}

async function warnOfKnownPasswords(users: Users, report: (line: string) => void): Promise<void> {
  for (const login of DEFAULT_USERS) {
    if (await users.hasKnownPassword(login)) {
      report(`WARNING: the user ${login} has the password that comes with every node; change it.`);
    }
  }
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`The file ${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

function portProblem(error: unknown, host: string, port: number): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EADDRINUSE")
    return new Error(`Port ${port} on ${host} is in use by another program.`, { cause: error });
  if (code === "EACCES") return new Error(`Port ${port} on ${host} may not be used by this user.`, { cause: error });
  if (code === "EADDRNOTAVAIL") return new Error(`The address ${host} is not one of this machine.`, { cause: error });
  return error;
}
