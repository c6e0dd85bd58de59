import type { Document } from "mongodb";
import type { DataFolder } from "./data-folder";
import { explainExit } from "./exit-reason";
import { HOST } from "./free-port";
import { MongodProcess } from "./mongod-process";
import { controlClient, withHost } from "./replica-set";

/**
 * Tells a replica set its new port while it is not running as one.
 *
 * Needed when the program that took the old port accepts connections and says nothing: mongod would ask it for half a
 * minute whether it is itself before it took any command. The procedure is MongoDB's own for changing host names
 * offline, with one step before it: after a crash the last writes are in the oplog only, and a mongod without
 * `--replSet` would not apply them, so first a read-only one does (`recoverFromOplogAsStandalone`) and keeps the result.
 */
export async function changePortOffline(
  run: { binary: string; version: string; folder: DataFolder; cacheSizeGB: number; deadline: number },
  port: number,
): Promise<void> {
  await whileRunning(run, port, RECOVER, async () => undefined);
  await whileRunning(run, port, [], async () => {
    const client = controlClient(port);
    try {
      const configs = client.db("local").collection<Document & { _id: string }>("system.replset");
      const config = await configs.findOne();
      if (!config) return;
      const changed = withHost(config as unknown as Parameters<typeof withHost>[0], `${HOST}:${port}`);
      await configs.replaceOne({ _id: config._id }, changed, { writeConcern: { w: 1, journal: true } });
    } finally {
      await client.close();
    }
  });
}

const RECOVER = ["recoverFromOplogAsStandalone=true", "takeUnstableCheckpointOnShutdown=true"].flatMap((each) => [
  "--setParameter",
  each,
]);

async function whileRunning(
  run: Parameters<typeof changePortOffline>[0],
  port: number,
  mode: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const mongod = await MongodProcess.launch({ ...run, port, mode, tied: true });
  try {
    if (!(await mongod.listening(port, run.deadline))) {
      const log = await run.folder.readLog(mongod.logStart);
      throw explainExit(await mongod.exited, log, run.folder, run.version);
    }
    await work();
  } finally {
    await mongod.stop();
  }
}
