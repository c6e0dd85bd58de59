import { createHash, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { record } from "../storage/record";
import { type Caller } from "../transport/call";
import { CODE, GrpcError, loginConflict, loginNotFound, notAuthenticated } from "../transport/status";
import { ADMINS, OPERATIONS } from "./access";
import { type InternalEvent, jsonEvent, metadataEvent } from "./own-events";
import { metadataStreamOf, SOFT_DELETED_METADATA } from "./stream-metadata";
import { type Store } from "./store";

export interface User {
  readonly loginName: string;
  readonly fullName: string;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly salt: string;
  readonly hash: string;
  readonly iterations: number;
  /** Milliseconds since 1970. */
  readonly updated: number;
}

const derive = promisify(pbkdf2);
const ITERATIONS = 120_000;
/** Nothing protects a password that everybody knows, so setting it need not hold up the start. */
const ITERATIONS_OF_DEFAULT = 1000;
export const DEFAULT_USERS = ["admin", "ops"] as const;
const LIST_STREAM = "$users";
const DEFAULT_PASSWORD = "changeit";
/** Verified credentials are remembered this long, so that not every call pays for the derivation. */
const REMEMBERED = 10 * 60_000;
const MOST_REMEMBERED = 1000;

const userStream = (login: string): string => `$user-${login}`;

/**
 * Users live in streams as they do in a real node: `$user-<login>` holds the user's newest state, `$users` names them
 * all. Passwords are kept as salted PBKDF2 hashes.
 */
export class Users {
  /** One derivation at a time: the threads that do them are the ones that put the log on disk. */
  private turn: Promise<unknown> = Promise.resolve();
  private readonly verified = new Map<string, { caller: Caller; until: number }>();

  constructor(private readonly store: Store) {}

  /**
   * The two users a new node has, whether it asks for passwords or not. A password given here also takes the place of
   * the one that everybody knows.
   */
  async addDefaults(password = DEFAULT_PASSWORD): Promise<void> {
    if (this.store.streams.get(LIST_STREAM).last < 0) {
      await this.create("admin", "Event Store Administrator", [ADMINS], password);
      await this.create("ops", "Event Store Operations", [OPERATIONS], password);
      return;
    }
    for (const login of password === DEFAULT_PASSWORD ? [] : DEFAULT_USERS) {
      if (await this.hasKnownPassword(login)) await this.setPassword(login, password);
    }
  }

  /** Whether a user signs in with the password that comes with every node. */
  async hasKnownPassword(login: string): Promise<boolean> {
    const user = this.find(login);
    return user !== undefined && !user.disabled && matches(user, DEFAULT_PASSWORD);
  }

  /** Who sends this `authorization` header; rejects with UNAUTHENTICATED. No header means nobody. */
  authenticate(authorization: string | undefined): Caller | undefined | Promise<Caller> {
    if (authorization === undefined) return undefined;
    const key = createHash("sha256").update(authorization).digest("base64");
    const known = this.verified.get(key);
    if (known && known.until > Date.now()) return known.caller;
    const answer = this.turn.then(() => this.verify(authorization, key));
    this.turn = answer.catch(() => undefined);
    return answer;
  }

  find(login: string): User | undefined {
    const state = this.store.streams.get(userStream(login));
    const { first, last } = this.store.visibleRange(state);
    if (last < 0 || last < first || state.deleted) return undefined;
    const view = this.store.streams.recordOf(state, last);
    return view && (JSON.parse(record.data(view.buffer, view.offset).toString("utf8")) as User);
  }

  all(): User[] {
    const state = this.store.streams.get(LIST_STREAM);
    if (state.visible < 0) return [];
    const view = this.store.streams.recordOf(state, state.visible);
    const logins = view ? (JSON.parse(record.data(view.buffer, view.offset).toString("utf8")) as string[]) : [];
    return logins.map((login) => this.find(login)).filter((user) => user !== undefined);
  }

  async create(loginName: string, fullName: string, groups: readonly string[], password: string): Promise<void> {
    if (this.find(loginName)) throw loginConflict(loginName);
    const user = { loginName, fullName, groups, disabled: false, ...(await hashed(password)), updated: Date.now() };
    const logins = [...new Set([...this.all().map((other) => other.loginName), loginName])];
    const last = this.store.streams.get(userStream(loginName)).last;
    await this.write([
      // A deleted user of this name stays deleted.
      setMetadata(
        userStream(loginName),
        Buffer.from(JSON.stringify({ $maxCount: 1, ...(last >= 0 && { $tb: last + 1 }) })),
      ),
      eventFor(userStream(loginName), "$UserCreated", user),
      eventFor(LIST_STREAM, "$User", logins),
    ]);
  }

  async change(login: string, change: Partial<User>, type = "$UserUpdated"): Promise<void> {
    const user = this.require(login);
    await this.write([eventFor(userStream(login), type, { ...user, ...change, updated: Date.now() })]);
  }

  async setPassword(login: string, password: string): Promise<void> {
    await this.change(login, await hashed(password), "$PasswordChanged");
  }

  async checkPassword(login: string, password: string): Promise<boolean> {
    const user = this.require(login);
    return matches(user, password);
  }

  async delete(login: string): Promise<void> {
    this.require(login);
    const logins = this.all()
      .map((other) => other.loginName)
      .filter((other) => other !== login);
    await this.write([setMetadata(userStream(login), SOFT_DELETED_METADATA), eventFor(LIST_STREAM, "$User", logins)]);
  }

  require(login: string): User {
    const user = this.find(login);
    if (!user) throw loginNotFound(login);
    return user;
  }

  private async verify(authorization: string, key: string): Promise<Caller> {
    const known = this.verified.get(key);
    if (known && known.until > Date.now()) return known.caller;
    const [scheme, encoded] = authorization.split(" ");
    if (scheme?.toLowerCase() !== "basic" || !encoded) throw notAuthenticated();
    const text = Buffer.from(encoded, "base64").toString("utf8");
    const at = text.indexOf(":");
    const user = at > 0 ? this.find(text.slice(0, at)) : undefined;
    if (!user || user.disabled || !(await matches(user, text.slice(at + 1)))) throw notAuthenticated();
    const caller = { name: user.loginName, groups: user.groups };
    if (this.verified.size >= MOST_REMEMBERED) this.verified.clear();
    this.verified.set(key, { caller, until: Date.now() + REMEMBERED });
    return caller;
  }

  private write(events: readonly InternalEvent[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.store.writer.write({
        action: "internal",
        events,
        done: (outcome) => {
          this.verified.clear();
          if (outcome.kind === "done") resolve();
          else reject(new GrpcError(CODE.INTERNAL, "The user could not be written."));
        },
      });
    });
  }
}

async function hashed(password: string): Promise<{ salt: string; hash: string; iterations: number }> {
  const salt = randomBytes(16);
  const iterations = password === DEFAULT_PASSWORD ? ITERATIONS_OF_DEFAULT : ITERATIONS;
  const hash = await derive(password, salt, iterations, 32, "sha256");
  return { salt: salt.toString("base64"), hash: hash.toString("base64"), iterations };
}

async function matches(user: User, password: string): Promise<boolean> {
  const hash = await derive(password, Buffer.from(user.salt, "base64"), user.iterations, 32, "sha256");
  return timingSafeEqual(hash, Buffer.from(user.hash, "base64"));
}

const eventFor = (stream: string, type: string, value: unknown): InternalEvent => ({
  stream,
  event: jsonEvent(type, value),
});

const setMetadata = (stream: string, data: Buffer): InternalEvent => ({
  stream: metadataStreamOf(stream),
  event: metadataEvent(data),
});
