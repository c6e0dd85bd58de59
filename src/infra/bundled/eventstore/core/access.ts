import { type Caller } from "../transport/call";
import { accessDenied } from "../transport/status";
import { type Acl, type AclAction } from "./stream-metadata";
import { type Streams } from "./streams";

/** Members may do everything. */
export const ADMINS = "$admins";
export const OPERATIONS = "$ops";
/** Every caller has this role, signed in or not. */
const EVERYONE = "$all";

/** What the real node grants where a stream's metadata say nothing: user streams to all, system streams to admins. */
const DEFAULT_USER_ACL: Acl = { $r: EVERYONE, $w: EVERYONE, $d: EVERYONE, $mr: EVERYONE, $mw: EVERYONE };
const DEFAULT_SYSTEM_ACL: Acl = { $r: ADMINS, $w: ADMINS, $d: ADMINS, $mr: ADMINS, $mw: ADMINS };

/** Who may do what. Without users (the server was started without authentication) everything is allowed. */
export class Access {
  constructor(
    private readonly streams: Streams,
    readonly enabled: boolean,
  ) {}

  /** Throws access-denied unless the caller may do this with the stream. */
  stream(caller: Caller | undefined, name: string, action: AclAction): void {
    if (!this.enabled) return;
    const metadata = name.startsWith("$$");
    const target = metadata ? name.slice(2) : name;
    const effective: AclAction = !metadata ? action : action === "$r" ? "$mr" : "$mw";
    const acl = target === "$all" ? undefined : this.streams.metadataOf(this.streams.get(target)).acl;
    const defaults = target.startsWith("$") ? DEFAULT_SYSTEM_ACL : DEFAULT_USER_ACL;
    this.require(caller, acl?.[effective] ?? defaults[effective]);
  }

  /** Throws access-denied unless the caller is an operator or administrator. */
  operations(caller: Caller | undefined): void {
    if (this.enabled) this.require(caller, OPERATIONS);
  }

  admin(caller: Caller | undefined): void {
    if (this.enabled) this.require(caller, ADMINS);
  }

  private require(caller: Caller | undefined, role: string | readonly string[] | undefined): void {
    const roles = typeof role === "string" ? [role] : (role ?? []);
    if (roles.includes(EVERYONE)) return;
    if (caller && (caller.groups.includes(ADMINS) || roles.some((r) => r === caller.name || caller.groups.includes(r))))
      return;
    throw accessDenied();
  }
}
