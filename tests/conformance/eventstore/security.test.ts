import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ErrorType,
  EventStoreDBClient,
  persistentSubscriptionToStreamSettingsFromDefaults,
  streamNameFilter,
  type Credentials,
} from "@eventstore/db-client";
import { CreateReq, DetailsReq, DisableReq, ResetPasswordReq } from "@eventstore/db-client/generated/users_pb";
import { UsersClient } from "@eventstore/db-client/generated/users_grpc_pb";
import { credentials as channel, status } from "@grpc/grpc-js";
import { startEventStore, type RunningEventStore } from "../../../src/infra/bundled/eventstore";
import { selfSigned } from "../../support/certificate";
import { basic, call, messages, service } from "./raw";
import { all, collect, event, events, fresh, refusal } from "./support";

const admin = { username: "admin", password: "changeit" };
const ops = { username: "ops", password: "changeit" };

describe("with TLS and passwords", () => {
  const folder = mkdtempSync(join(tmpdir(), "eventstore-tls-"));
  const tls = { cert: join(folder, "node.crt"), key: join(folder, "node.key") };
  let server: RunningEventStore;
  let client: EventStoreDBClient;
  let anonymous: EventStoreDBClient;
  let users: UsersClient;

  const connect = (as?: Credentials): EventStoreDBClient => {
    const who = as ? `${as.username}:${as.password}@` : "";
    return EventStoreDBClient.connectionString(`esdb://${who}localhost:${server.port}?tlsCAFile=${tls.cert}`);
  };
  const newUser = async (...groups: string[]): Promise<Credentials> => {
    const as = { username: `u${fresh().slice(-8)}`, password: "s3cret" };
    const options = new CreateReq.Options().setLoginName(as.username).setPassword(as.password).setGroupsList(groups);
    await call(users.create.bind(users), new CreateReq().setOptions(options), basic("admin", "changeit"));
    return as;
  };

  beforeAll(async () => {
    const { cert, key } = selfSigned();
    writeFileSync(tls.cert, cert);
    writeFileSync(tls.key, key);
    server = await startEventStore({ port: 0, memory: true, tls });
    client = connect(admin);
    anonymous = connect();
    users = new UsersClient(`localhost:${server.port}`, channel.createSsl(Buffer.from(cert)));
  });
  afterAll(async () => {
    users.close();
    await Promise.all([client.dispose(), anonymous.dispose()]);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Passwords are derived slowly on purpose, so the users are made once. */
  let [named, member, other] = [admin, admin, admin];
  beforeAll(async () => {
    [named, member, other] = await Promise.all([newUser(), newUser("team"), newUser("others")]);
  });

  it("serves an administrator as always", async () => {
    expect(server.url).toContain("tls=true");
    const stream = fresh();
    const live = client.subscribeToAll({ filter: streamNameFilter({ prefixes: [stream] }) });
    const found = await collect(live, 100, () => client.appendToStream(stream, events(100)));
    expect(found).toHaveLength(100);
    await client.createPersistentSubscriptionToStream(
      stream,
      "group",
      persistentSubscriptionToStreamSettingsFromDefaults(),
    );
    await client.deleteStream(stream);
  });

  it("lets nobody in without a name, or with a wrong password", async () => {
    const stream = fresh();
    await client.appendToStream(stream, event(1));
    expect(await refusal(anonymous.appendToStream(stream, event(1)))).toBe(ErrorType.ACCESS_DENIED);
    expect(await refusal(all(anonymous.readStream(stream)))).toBe(ErrorType.ACCESS_DENIED);
    const wrong = { username: "admin", password: "wrong" };
    const nobody = { username: "nobody", password: "changeit" };
    for (const credentials of [wrong, nobody]) {
      const error = await all(client.readStream(stream, { credentials })).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
    }
  });

  it("keeps system streams and $all for administrators", async () => {
    const somebody = other;
    const stream = fresh();
    await client.appendToStream(stream, events(2), { credentials: somebody });
    expect(await all(client.readStream(stream, { credentials: somebody }))).toHaveLength(2);
    expect(await refusal(all(client.readAll({ credentials: somebody })))).toBe(ErrorType.ACCESS_DENIED);
    expect(await refusal(all(client.readStream("$users", { credentials: somebody })))).toBe(ErrorType.ACCESS_DENIED);
    expect(await refusal(client.appendToStream("$mine", event(1), { credentials: somebody }))).toBe(
      ErrorType.ACCESS_DENIED,
    );
  });

  it.each([
    ["readRoles", (stream: string, credentials: Credentials) => all(client.readStream(stream, { credentials }))],
    [
      "writeRoles",
      (stream: string, credentials: Credentials) => client.appendToStream(stream, event(9), { credentials }),
    ],
    ["deleteRoles", (stream: string, credentials: Credentials) => client.deleteStream(stream, { credentials })],
    ["metaReadRoles", (stream: string, credentials: Credentials) => client.getStreamMetadata(stream, { credentials })],
    [
      "metaWriteRoles",
      (stream: string, credentials: Credentials) => client.setStreamMetadata(stream, {}, { credentials }),
    ],
  ] as const)("asks for one of the %s that a stream's metadata name, users or groups", async (right, act) => {
    for (const [who, allowed] of [
      [named, true],
      [member, true],
      [other, false],
      [admin, true],
    ] as const) {
      const stream = fresh();
      await client.appendToStream(stream, event(1));
      await client.setStreamMetadata(stream, { acl: { [right]: ["team", named.username] } });
      if (allowed) await act(stream, who);
      else expect(await refusal(act(stream, who))).toBe(ErrorType.ACCESS_DENIED);
    }
  });

  it("takes the defaults from $settings", async () => {
    const somebody = other;
    const settings = { $userStreamAcl: { $r: "$all", $w: ["writers"], $d: "$admins", $mr: "$all", $mw: "$admins" } };
    await client.appendToStream("$settings", { ...event(1), type: "update-default-acl", data: settings });
    const append = (credentials: Credentials) => client.appendToStream(fresh(), event(1), { credentials });
    expect(await refusal(append(somebody))).toBe(ErrorType.ACCESS_DENIED);
    await append(await newUser("writers"));
    await client.appendToStream("$settings", { ...event(1), type: "update-default-acl", data: {} });
    await append(somebody);
  });

  it("leaves persistent subscriptions and operations to operators", async () => {
    const somebody = other;
    const stream = fresh();
    const create = (name: string, credentials: Credentials) =>
      client.createPersistentSubscriptionToStream(stream, name, persistentSubscriptionToStreamSettingsFromDefaults(), {
        credentials,
      });
    expect(await refusal(create("one", somebody))).toBe(ErrorType.ACCESS_DENIED);
    await create("two", ops);
    await expect(
      call(
        users.disable.bind(users),
        new DisableReq().setOptions(new DisableReq.Options().setLoginName("ops")),
        basic("ops", "changeit"),
      ),
    ).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });

  it("takes a new password, and no longer the old one, at once", async () => {
    const somebody = await newUser();
    const read = (password: string) =>
      client.appendToStream(fresh(), event(1), { credentials: { ...somebody, password } });
    await read("s3cret");
    const options = new ResetPasswordReq.Options().setLoginName(somebody.username).setNewPassword("other");
    await call(users.resetPassword.bind(users), new ResetPasswordReq().setOptions(options), basic("admin", "changeit"));
    await read("other");
    await expect(read("s3cret")).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    const disable = new DisableReq().setOptions(new DisableReq.Options().setLoginName(somebody.username));
    await call(users.disable.bind(users), disable, basic("admin", "changeit"));
    await expect(read("other")).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });
});

describe("where it listens", () => {
  it.each([
    ["without anything", {}],
    ["without TLS", { auth: true }],
  ])("refuses addresses that others can reach %s", async (_, more) => {
    await expect(startEventStore({ port: 0, host: "0.0.0.0", memory: true, ...more })).rejects.toThrow(
      "Refusing to listen on 0.0.0.0, where others can reach it, without TLS and passwords",
    );
  });

  it("listens there when told that this is meant", async () => {
    const server = await startEventStore({ port: 0, host: "0.0.0.0", memory: true, insecure: true });
    await server.stop();
  });

  it("names a certificate that cannot be used, and a port that is taken", async () => {
    const missing = { cert: "/nowhere/node.crt", key: "/nowhere/node.key" };
    await expect(startEventStore({ port: 0, memory: true, tls: missing })).rejects.toThrow(
      "/nowhere/node.crt cannot be read",
    );
    const server = await startEventStore({ port: 0, memory: true });
    await expect(startEventStore({ port: server.port, memory: true })).rejects.toThrow(
      `Port ${server.port} on 127.0.0.1 is in use by another program.`,
    );
    await server.stop();
  });

  it("takes a password for the administrator, also in place of the known one later on", async () => {
    const data = mkdtempSync(join(tmpdir(), "eventstore-password-"));
    const attempt = async (options: { adminPassword?: string }, password: string) => {
      const server = await startEventStore({ port: 0, data, auth: true, ...options });
      // The official client sends no password without TLS.
      const plain = service("users", server.url);
      const outcome = await messages(plain.details(new DetailsReq(), basic("admin", password))).then(
        () => true,
        () => false,
      );
      plain.close();
      await server.stop();
      return outcome;
    };
    expect(await attempt({}, "changeit")).toBe(true);
    expect(await attempt({ adminPassword: "better" }, "changeit")).toBe(false);
    expect(await attempt({}, "better")).toBe(true);
    rmSync(data, { recursive: true, force: true });
  });
});
