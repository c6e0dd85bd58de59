/**
 * What a caller may do. `customer`: own carts and orders. `integrator`: other systems of the shop that write articles,
 * prices and stock and read orders. `operator`: those who keep the processes running; it sees no business.
 * `admin` may do everything but be a customer.
 */
export const ROLES = [
  "customer",
  "support",
  "catalogue",
  "stock",
  "finance",
  "analyst",
  "integrator",
  "operator",
  "admin",
] as const;
export type Role = (typeof ROLES)[number];

/** What a key may do with its roles: everything, or only look. */
export const SCOPES = ["read", "write"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who stands behind an API key or a token of an identity provider. */
export interface Principal {
  /** Of a key its name, of a person or program that an identity provider knows its subject. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** A key when absent. */
  readonly kind?: "key" | "user";
  /** Absent: as far as the roles reach. */
  readonly scopes?: readonly Scope[];
}

/** A shopper, known by the token that making a cart gave, or by the identity provider. */
export interface Shopper {
  readonly id: string;
}

/** Who calls, verified: as a shopper, as somebody with roles, or as both. */
export interface Identity {
  readonly shopper?: Shopper;
  readonly principal?: Principal;
}

export const isRole = (text: unknown): text is Role => (ROLES as readonly unknown[]).includes(text);

/** Whether the principal has one of the roles. */
export const hasRole = (principal: Principal, roles: readonly Role[]): boolean =>
  principal.roles.some((role) => role === "admin" || roles.includes(role));

/** Whether the principal may use its roles to read, or to write. */
export const hasScope = ({ scopes }: Principal, scope: Scope): boolean =>
  scopes === undefined || scopes.includes(scope) || (scope === "read" && scopes.includes("write"));

/** The roles by which an identity calls; a shopper is a customer. */
export const rolesOf = ({ shopper, principal }: Identity): readonly Role[] => [
  ...(shopper && !principal?.roles.includes("customer") ? (["customer"] as const) : []),
  ...(principal?.roles ?? []),
];

/** How events name who caused them: `key:<name>`, `user:<subject>`. */
export const actorOf = ({ kind = "key", name }: Principal): string => `${kind}:${name}`;
