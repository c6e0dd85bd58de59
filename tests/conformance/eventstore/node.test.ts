import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { type ClusterInfo } from "@eventstore/db-client/generated/gossip_pb";
import { StatsReq } from "@eventstore/db-client/generated/monitoring_pb";
import { type ScavengeResp, StartScavengeReq, StopScavengeReq } from "@eventstore/db-client/generated/operations_pb";
import { type SupportedMethods } from "@eventstore/db-client/generated/serverfeatures_pb";
import { Empty } from "@eventstore/db-client/generated/shared_pb";
import { CreateReq, DetailsReq, DeleteReq, DisableReq, EnableReq } from "@eventstore/db-client/generated/users_pb";
import { eventually } from "../../support/eventually";
import { call, messages, service } from "./raw";
import { all, events, fresh, subject } from "./support";

const server = subject();

describe("the node", () => {
  it("says what it is and what it offers", async () => {
    const features = service("features", server.url);
    const answer = await call<Empty, SupportedMethods>(features.getSupportedMethods.bind(features), new Empty());
    expect(answer.getEventStoreServerVersion()).toMatch(/^23\.10\./);
    const methods = answer.getMethodsList().map((method) => `${method.getServiceName()}/${method.getMethodName()}`);
    expect(methods).toEqual(
      expect.arrayContaining([
        "event_store.client.streams.streams/read",
        "event_store.client.streams.streams/batchappend",
        "event_store.client.persistent_subscriptions.persistentsubscriptions/getinfo",
        "event_store.client.monitoring.monitoring/stats",
      ]),
    );
    features.close();
  });

  it("is a cluster of one that leads", async () => {
    const gossip = service("gossip", server.url);
    const members = (await call<Empty, ClusterInfo>(gossip.read.bind(gossip), new Empty())).getMembersList();
    expect(members).toHaveLength(1);
    expect(members[0]?.getIsAlive()).toBe(true);
    expect(members[0]?.getState()).toBe(8);
    expect(Number(members[0]?.getHttpEndPoint()?.getPort())).toBeGreaterThan(0);
    gossip.close();
  });

  it("sends its figures again and again", async () => {
    const monitoring = service("monitoring", server.url);
    const stats = monitoring.stats(new StatsReq().setRefreshTimePeriodInMs("100"));
    const seen: number[] = [];
    stats.on("error", () => undefined);
    stats.on("data", (answer) => seen.push(answer.getStatsMap().getLength()));
    await eventually(() => seen.length >= 2);
    stats.cancel();
    expect(seen[0]).toBeGreaterThan(0);
    monitoring.close();
  });

  it("answers plain HTTP on the same port where clients and probes ask so", async () => {
    const base = server.url.replace(/^esdb/, "http").replace(/\?.*/, "");
    expect((await fetch(new URL("/health/live", base))).status).toBe(204);
    const info = (await (await fetch(new URL("/info", base))).json()) as { esVersion: string };
    expect(info.esVersion).toMatch(/^23\.10\./);
    expect((await fetch(new URL("/nothing/here", base))).status).toBe(404);
  });

  it("takes an event by plain HTTP, as it is", async () => {
    const base = server.url.replace(/^esdb/, "http").replace(/\?.*/, "");
    const stream = fresh();
    const post = (body: string, headers: Record<string, string>) =>
      fetch(new URL(`/streams/${stream}`, base), { method: "POST", body, headers });
    const json = { "content-type": "application/json", "es-eventtype": "posted" };
    expect((await post('{"n":1}', json)).status).toBe(201);
    expect((await post("****", json)).status).toBe(201);
    const list = [{ eventId: randomUUID(), eventType: "listed", data: { n: 2 }, metadata: { by: "test" } }];
    const several = { "content-type": "application/vnd.eventstore.events+json" };
    expect((await post(JSON.stringify(list), several)).status).toBe(201);
    expect((await post('{"n":1}', { ...json, "es-expectedversion": "7" })).status).toBe(400);
    const found = (await all(server.client.readStream(stream))).map((each) => each.event);
    expect(found.map((each) => each?.type)).toEqual(["posted", "posted", "listed"]);
    expect(found[2]).toMatchObject({ data: { n: 2 }, metadata: { by: "test" } });
  });

  it("scavenges on demand and tells how it went", async () => {
    const operations = service("operations", server.url);
    await server.client.appendToStream(fresh(), events(10));
    const started = await call<StartScavengeReq, ScavengeResp>(
      operations.startScavenge.bind(operations),
      new StartScavengeReq().setOptions(new StartScavengeReq.Options().setThreadCount(1)),
    );
    const id = started.getScavengeId();
    expect(id).not.toBe("");
    const types = async () => (await all(server.client.readStream(`$scavenges-${id}`))).map((each) => each.event?.type);
    await eventually(async () => (await types()).includes("$scavengeCompleted"));
    expect((await types())[0]).toBe("$scavengeStarted");
    const unknown = new StopScavengeReq().setOptions(new StopScavengeReq.Options().setScavengeId(randomUUID()));
    await expect(call(operations.stopScavenge.bind(operations), unknown)).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
    operations.close();
  });
});

describe("users", () => {
  it("are made, changed, listed and deleted", async () => {
    const users = service("users", server.url);
    const login = `u${randomUUID().slice(0, 8)}`;
    const details = async () =>
      (await messages(users.details(new DetailsReq().setOptions(new DetailsReq.Options().setLoginName(login))))).map(
        (each) => each.getUserDetails()?.toObject(),
      );
    const create = new CreateReq().setOptions(
      new CreateReq.Options()
        .setLoginName(login)
        .setFullName("Somebody")
        .setPassword("secret")
        .setGroupsList(["writers"]),
    );
    await call(users.create.bind(users), create);
    expect(await details()).toMatchObject([
      { loginName: login, fullName: "Somebody", groupsList: ["writers"], disabled: false },
    ]);
    await expect(call(users.create.bind(users), create)).rejects.toMatchObject({ code: expect.any(Number) });
    await call(users.disable.bind(users), new DisableReq().setOptions(new DisableReq.Options().setLoginName(login)));
    expect(await details()).toMatchObject([{ disabled: true }]);
    await call(users.enable.bind(users), new EnableReq().setOptions(new EnableReq.Options().setLoginName(login)));
    expect(await details()).toMatchObject([{ disabled: false }]);
    await call(users.delete.bind(users), new DeleteReq().setOptions(new DeleteReq.Options().setLoginName(login)));
    await expect(details()).rejects.toMatchObject({ code: status.NOT_FOUND });
    users.close();
  });

  it("admin and ops are there from the start", async () => {
    const users = service("users", server.url);
    const found = await messages(users.details(new DetailsReq()));
    const names = found.map((each) => each.getUserDetails()?.getLoginName());
    expect(names).toEqual(expect.arrayContaining(["admin", "ops"]));
    users.close();
  });
});
