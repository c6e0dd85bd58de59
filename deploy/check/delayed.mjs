/* global performance, setTimeout, URL */
import { connect, createServer } from "node:net";

/**
 * A way to a MongoDB on this machine on which everything takes as long as one says, each way.
 * @returns its URL by that way, and what sets the delay in ms
 */
export async function delayed(url) {
  const target = new URL(url);
  let delay = 0;
  /** Bytes in the order in which they came, whatever the delay becomes. */
  const passOn = (from, to) => {
    let due = 0;
    from.on("data", (chunk) => {
      due = Math.max(due, performance.now() + delay);
      setTimeout(() => to.write(chunk), due - performance.now());
    });
    from.on("close", () => to.destroy());
    from.on("error", () => undefined);
  };
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    passOn(client, upstream);
    passOn(upstream, client);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const way = new URL(url);
  // The members of a replica set would be asked for the way, which leads past here.
  way.searchParams.delete("replicaSet");
  way.searchParams.set("directConnection", "true");
  return {
    url: way.href.replace(way.host, `127.0.0.1:${server.address().port}`),
    delay(ms) {
      delay = ms;
    },
  };
}
