import { type User, type Users } from "../core/users";
import { type Call, framed } from "../transport/call";
import { type Method } from "../transport/grpc-server";
import { accessDenied, invalidArgument } from "../transport/status";
import { ProtoReader } from "../wire/proto-reader";
import { EMPTY, encode } from "../wire/proto-writer";
import { type Context } from "./context";

const SERVICE = "/event_store.client.users.Users";
const TICKS_PER_MILLISECOND = 10_000;

interface UserRequest {
  login: string;
  /** The text fields 2 and 3, whose meaning depends on the request. */
  second: string;
  third: string;
  groups: string[];
}

/** The Users service: enough to manage who may sign in. */
export function userRoutes({ access }: Context, users: Users): [string, Method][] {
  const admin = (change: (request: UserRequest) => Promise<void>): Method => ({
    unary: async (message, call) => {
      access.admin(call.caller);
      await change(readRequest(message));
      return EMPTY;
    },
  });
  return [
    [`${SERVICE}/Create`, admin(({ login, second, third, groups }) => users.create(login, third, groups, second))],
    [
      `${SERVICE}/Update`,
      admin(async ({ login, second, third, groups }) => {
        await users.change(login, { fullName: third, groups });
        if (second !== "") await users.setPassword(login, second);
      }),
    ],
    [`${SERVICE}/Delete`, admin(({ login }) => users.delete(login))],
    [`${SERVICE}/Enable`, admin(({ login }) => users.change(login, { disabled: false }))],
    [`${SERVICE}/Disable`, admin(({ login }) => users.change(login, { disabled: true }))],
    [`${SERVICE}/ResetPassword`, admin(({ login, second }) => users.setPassword(login, second))],
    [
      `${SERVICE}/ChangePassword`,
      {
        unary: async (message, call) => {
          const { login, second, third } = readRequest(message);
          if (access.enabled && call.caller?.name !== login) access.admin(call.caller);
          if (!(await users.checkPassword(login, second))) throw accessDenied();
          await users.setPassword(login, third);
          return EMPTY;
        },
      },
    ],
    [
      `${SERVICE}/Details`,
      {
        stream: (call) =>
          details(call, users, (login) =>
            login !== undefined && call.caller?.name === login ? undefined : access.admin(call.caller),
          ),
      },
    ],
  ];
}

function details(call: Call, users: Users, allow: (login: string | undefined) => void): void {
  let login: string | undefined;
  call.receive(
    (message) => {
      const request = new ProtoReader(message);
      if (request.next() && request.field === 1) login = readFields(request.message()).login;
    },
    () => {
      try {
        allow(login);
        for (const user of login === undefined || login === "" ? users.all() : [users.require(login)])
          call.write(framed(asMessage(user)));
        call.finish();
      } catch (error) {
        call.fail(error);
      }
    },
  );
}

const asMessage = (user: User): Buffer =>
  encode((w) =>
    w.message(1, (d) => {
      d.string(1, user.loginName).string(2, user.fullName);
      for (const group of user.groups) d.string(3, group);
      d.message(4, (time) => time.varint(1, user.updated * TICKS_PER_MILLISECOND)).bool(5, user.disabled);
    }),
  );

function readRequest(message: Buffer): UserRequest {
  const request = new ProtoReader(message);
  if (!request.next() || request.field !== 1) throw invalidArgument("The request has no options.");
  const fields = readFields(request.message());
  if (fields.login === "") throw invalidArgument("The request names no user.");
  return fields;
}

function readFields(reader: ProtoReader): UserRequest {
  const fields: UserRequest = { login: "", second: "", third: "", groups: [] };
  while (reader.next()) {
    if (reader.field === 1) fields.login = reader.string();
    else if (reader.field === 2) fields.second = reader.string();
    else if (reader.field === 3) fields.third = reader.string();
    else if (reader.field === 4) fields.groups.push(reader.string());
    else reader.skip();
  }
  return fields;
}
