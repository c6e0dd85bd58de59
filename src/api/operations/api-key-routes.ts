import { z } from "zod";
import { type Role, ROLES, type Scope, SCOPES } from "../../infra/security";
import { created, missing, ok, Problem, type Route, route } from "../http";

/** A key as it is told of; the key itself is kept nowhere. */
export interface ApiKeyState {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** As far as the roles reach when absent. */
  readonly scopes: readonly Scope[] | undefined;
  readonly createdAt: Date;
  readonly createdBy: string | undefined;
  readonly expiresAt: Date | undefined;
  readonly lastUsedAt: Date | undefined;
  readonly revokedAt: Date | undefined;
  readonly revokedBy: string | undefined;
}

export interface NewApiKey extends Pick<ApiKeyState, "id" | "name" | "roles" | "scopes" | "expiresAt"> {
  /** Who has it made. */
  readonly by: string;
}

/** Where keys are made and revoked. */
export interface ApiKeyDesk {
  /** The newest first. */
  list(): Promise<readonly ApiKeyState[]>;
  get(id: string): Promise<ApiKeyState | undefined>;
  /** `undefined`: one of that id has been made. */
  make(wanted: NewApiKey): Promise<{ readonly key: string; readonly made: ApiKeyState } | undefined>;
  /** The key as it is then; one that is revoked already stays as it is. */
  revoke(id: string, by: string): Promise<ApiKeyState | undefined>;
}

/** The roles that a key can have: a program is no customer. */
export const KEY_ROLES = ROLES.filter((role) => role !== "customer");
/** What a key may be called. */
export const KEY_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

const shared = { tags: ["Operations"], security: { roles: ["admin"] }, cache: "no-store" } as const;

const time = z.iso.datetime();

const keySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    roles: z.array(z.enum(ROLES)),
    scopes: z.array(z.enum(SCOPES)).nullable().describe("`null`: everything that its roles may."),
    state: z.enum(["active", "expired", "revoked"]),
    createdAt: time,
    createdBy: z.string().nullable(),
    expiresAt: time.nullable(),
    lastUsedAt: time.nullable().describe("Noted every ten seconds."),
    revokedAt: time.nullable(),
    revokedBy: z.string().nullable(),
  })
  .meta({ id: "ApiKey" });

const madeSchema = keySchema
  .extend({ key: z.string().describe("The key itself. It is kept nowhere and cannot be shown again.") })
  .meta({ id: "NewApiKey" });

const several = <Values extends readonly [string, ...string[]]>(values: Values) =>
  z
    .array(z.enum(values))
    .min(1)
    .transform((given) => [...new Set(given)]);

const wantedSchema = z.strictObject({
  name: z
    .string()
    .regex(KEY_NAME, "must be 1 to 64 letters, digits and - _ . and begin with a letter or digit")
    .describe("Of the program that is to have it; events name it as their actor. Several keys may have one name.")
    .meta({ examples: ["erp"] }),
  roles: several(KEY_ROLES as [(typeof KEY_ROLES)[number], ...(typeof KEY_ROLES)[number][]]),
  scopes: several(SCOPES).optional().describe("Everything that the roles may when absent; `write` includes `read`."),
  expiresAt: time.optional().describe("From then on it does not work; it works until it is revoked when absent."),
});

const params = z.object({ id: z.string().meta({ examples: ["92117135-0f0a-4b52-8d60-6a9f3c7de0f1"] }) });

/** How a key is at a moment. */
export const stateOfKey = ({ revokedAt, expiresAt }: ApiKeyState, now: Date): "active" | "expired" | "revoked" =>
  revokedAt ? "revoked" : expiresAt && expiresAt <= now ? "expired" : "active";

/** The keys of programs: who has one, what it may do, how long, when it was last used. */
export function apiKeyRoutes(keys: ApiKeyDesk): readonly Route[] {
  return [
    route({
      ...shared,
      method: "GET",
      path: "/operations/v1/api-keys",
      operationId: "listApiKeys",
      summary: "All API keys, the newest first",
      heeds: [],
      responses: {
        200: {
          description: "Also those that work no more; none can be shown itself",
          schema: z.object({ items: z.array(keySchema) }),
        },
      },
      handler: async () => ok({ items: (await keys.list()).map(view) }),
    }),
    route({
      ...shared,
      method: "POST",
      path: "/operations/v1/api-keys",
      operationId: "createApiKey",
      summary: "Makes an API key, and shows it once",
      description:
        "Only its hash is kept: a repeated request (`Idempotency-Key`) makes no second one, and cannot show the first.",
      body: wantedSchema,
      responses: { 201: { description: "The key", schema: madeSchema } },
      refusals: { "expiry-in-the-past": 422, "key-made-already": 409 },
      async handler(context) {
        const { name, roles, scopes, expiresAt } = context.body;
        const until = expiresAt === undefined ? undefined : new Date(expiresAt);
        if (until && until.getTime() <= Date.now()) throw expiryPast();
        const { commandId: id, actor: by } = context.command();
        const outcome = await keys.make({ id, name, roles, scopes, expiresAt: until, by });
        if (!outcome) throw madeAlready(id);
        const { key, made } = outcome;
        context.log.info({ id, name, roles, scopes, expiresAt, actor: by }, "an API key was made");
        return created(`/operations/v1/api-keys/${id}`, { ...view(made), key });
      },
    }),
    route({
      ...shared,
      method: "GET",
      path: "/operations/v1/api-keys/:id",
      params,
      operationId: "getApiKey",
      summary: "One of them",
      heeds: [],
      responses: { 200: { description: "What is known of it", schema: keySchema } },
      refusals: { "not-found": 404 },
      async handler({ params: { id } }) {
        const found = await keys.get(id);
        if (!found) throw missing("API key");
        return ok(view(found));
      },
    }),
    route({
      ...shared,
      method: "DELETE",
      path: "/operations/v1/api-keys/:id",
      params,
      operationId: "revokeApiKey",
      summary: "Revokes an API key for good",
      description: "A few seconds later it works in no process. What it was stays in the list.",
      responses: { 200: { description: "It is revoked", schema: keySchema } },
      refusals: { "not-found": 404 },
      async handler({ params: { id }, actor, log }) {
        const revoked = await keys.revoke(id, actor);
        if (!revoked) throw missing("API key");
        log.info({ id, name: revoked.name, actor }, "an API key was revoked");
        return ok(view(revoked));
      },
    }),
  ];
}

const expiryPast = (): Problem =>
  new Problem(422, "expiry-in-the-past", "expiresAt must be in the future.", {
    errors: [{ path: "expiresAt", in: "body", message: "must be in the future" }],
  });

const madeAlready = (id: string): Problem =>
  new Problem(
    409,
    "key-made-already",
    "This request has made its key before, which cannot be shown again: revoke it and make another.",
    { details: { id } },
  );

const iso = (at: Date | undefined): string | null => at?.toISOString() ?? null;

function view(key: ApiKeyState): z.output<typeof keySchema> {
  const { id, name, createdAt, createdBy, expiresAt, lastUsedAt, revokedAt, revokedBy } = key;
  return {
    id,
    name,
    roles: [...key.roles],
    scopes: key.scopes ? [...key.scopes] : null,
    state: stateOfKey(key, new Date()),
    createdAt: createdAt.toISOString(),
    createdBy: createdBy ?? null,
    expiresAt: iso(expiresAt),
    lastUsedAt: iso(lastUsedAt),
    revokedAt: iso(revokedAt),
    revokedBy: revokedBy ?? null,
  };
}
