/** Entry file of the process that `spawnEventStore` starts. */
import { startEventStore } from "./index";
import { type RunningEventStore } from "./options";
import { type FromChild, type ToChild } from "./process";

let running: Promise<RunningEventStore> | undefined;

// Signals to the whole group are the parent's business: it stops its clients first, then says so here.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
process.on("disconnect", () => void stop());
process.on("message", (message: ToChild) => {
  if (message.type === "stop") void stop();
  else {
    running = startEventStore({
      ...message.options,
      log: (line) => tell({ type: "log", line }),
      onShutdown: () => process.exit(0),
    });
    running.then(
      ({ port, url }) => tell({ type: "ready", port, url }),
      (error: Error) => tell({ type: "failed", message: error.message }, () => process.exit(1)),
    );
  }
});

async function stop(): Promise<void> {
  try {
    await (await running)?.stop();
  } finally {
    process.exit(0);
  }
}

function tell(message: FromChild, then?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => then?.());
  else then?.();
}
