import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { MongoStores } from "../../../src/infra/mongo";
import { startStores, type TestStores } from "../../support/stores";

let stores: TestStores;
beforeAll(async () => {
  stores = await startStores({ need: { mongo: true } });
});
afterAll(() => stores.stop());

/** Stands between client and server, and cuts all connections at once, as the end of the server does. */
async function cuttable(port: number): Promise<{ port: number; cut(): void; close(): void }> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    const to = keep(connect(port, "127.0.0.1"));
    keep(client).pipe(to).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return { port: (server.address() as AddressInfo).port, cut, close: () => (cut(), server.close()) };
}

test("whatever is asked while the server goes away is answered or fails, and never waits for ever", async () => {
  const way = await cuttable(Number(new URL(stores.mongoUrl).port));
  const url = `mongodb://127.0.0.1:${way.port}/?directConnection=true`;
  const mongo = await MongoStores.connect({ url });
  const documents = mongo.collection<{ _id: string }>("shelf", "documents");
  const unsettled = new Set<Promise<unknown>>();
  const ask = () => {
    const asked: Promise<unknown> = documents.findOne({ _id: "any" }).catch(() => undefined);
    unsettled.add(asked);
    void asked.finally(() => unsettled.delete(asked));
  };
  try {
    for (let round = 0; round < 30; round++) {
      await Promise.all(Array.from({ length: 8 }, () => documents.findOne({ _id: "any" }).catch(() => undefined)));
      way.cut();
      for (let turn = 0; turn < 20; turn++) {
        ask();
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const deadline = Date.now() + 20_000;
    while (unsettled.size > 0 && Date.now() < deadline) await pause(20);
    expect(unsettled.size).toBe(0);
  } finally {
    await mongo.close();
    way.close();
  }
});
