import { type ServerResponse } from "node:http";
import { eventually } from "../../support/eventually";
import { Listener } from "../../support/live";
import { at, startTestGateway } from "./gateway";
import { answerJson, type Behaviour, Upstream } from "./upstream";

/* Answers without end through the gateway. */

/** More than there are connections for ordinary requests. */
const MANY = 300;

test("however many listen, others are answered; news pass at once; nobody is left behind", async () => {
  const following = new Set<ServerResponse>();
  const behave: Behaviour = (got, response, request) => {
    if (!got.url.endsWith("/live")) return answerJson({ from: "store" })(got, response, request);
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(`event: product\nid: ${got.headers["last-event-id"] ?? "none"}\ndata: 1\n\n`);
    following.add(response);
    response.on("close", () => following.delete(response));
  };
  const store = await Upstream.start("store", behave);
  const gateway = await startTestGateway({ GATEWAY_SERVICES: at("storefront", store) });
  const url = `${gateway.url}/store/v1/products/lantern/live`;
  const listeners = await Promise.all(
    Array.from({ length: MANY }, (_, index) => Listener.open(url, { "Last-Event-ID": `c1-${index}` })),
  );
  await Promise.all(listeners.map((listener, index) => listener.until(({ id }) => id === `c1-${index}`)));
  expect((await gateway.caller.get("/store/v1/categories")).body).toEqual({ from: "store" });

  for (const response of following) response.write("event: product\nid: c1-9\ndata: 2\n\n");
  await Promise.all(listeners.map((listener) => listener.until(({ data }) => data === 2)));

  await Promise.all(listeners.splice(0, MANY - 10).map((listener) => listener.close()));
  await eventually(() => following.size === 10);

  // A gateway that stops does not wait for what has no end.
  const started = performance.now();
  await gateway.stop();
  expect(performance.now() - started).toBeLessThan(5_000);
  await eventually(() => listeners.every(({ ended }) => ended));
  await Promise.all(listeners.map((listener) => listener.close()));
  await store.kill();
});
