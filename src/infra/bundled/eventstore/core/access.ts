import { record } from "../storage/record";
import { type Caller } from "../transport/call";
import { accessDenied } from "../transport/status";
import { type Acl, type AclAction } from "./stream-metadata";
import { type Streams } from "./streams";

/** Members may do everything. */
export const ADMINS = "$admins";
export const OPERATIONS = "$ops";
/** Every caller that has signed in has this role. */
const EVERYONE = "$all";
/** Where an administrator may change the defaults. */
const SETTINGS_STREAM = "$settings";

interface Defaults {
  readonly $userStreamAcl: Acl;
  readonly $systemStreamAcl: Acl;
}

/** What the real node grants where a stream's metadata say nothing: user streams to all, system streams to admins. */
const DEFAULTS: Defaults = {
  $userStreamAcl: { $r: EVERYONE, $w: EVERYONE, $d: EVERYONE, $mr: EVERYONE, $mw: EVERYONE },
  $systemStreamAcl: { $r: ADMINS, $w: ADMINS, $d: ADMINS, $mr: ADMINS, $mw: ADMINS },
};

/** Who may do what. Without authentication everything is allowed; with it nothing is to those who have not signed in. */
export class Access {
  private defaults: { readonly revision: number; readonly value: Defaults } = { revision: -1, value: DEFAULTS };

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
    const acl = this.streams.metadataOf(this.streams.get(target)).acl;
    const { $userStreamAcl, $systemStreamAcl } = this.currentDefaults();
    const defaults = target.startsWith("$") ? $systemStreamAcl : $userStreamAcl;
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
    if (!caller) throw accessDenied();
    if (caller.groups.includes(ADMINS)) return;
    const roles = typeof role === "string" ? [role] : (role ?? []);
    if (roles.some((each) => each === EVERYONE || each === caller.name || caller.groups.includes(each))) return;
    throw accessDenied();
  }

  private currentDefaults(): Defaults {
    const state = this.streams.get(SETTINGS_STREAM);
    if (state.visible !== this.defaults.revision) {
      this.defaults = { revision: state.visible, value: { ...DEFAULTS, ...this.loadDefaults(state.visible) } };
    }
    return this.defaults.value;
  }

  private loadDefaults(revision: number): Partial<Defaults> {
    const view = this.streams.recordOf(this.streams.get(SETTINGS_STREAM), revision);
    if (!view) return {};
    try {
      const { $userStreamAcl, $systemStreamAcl } = JSON.parse(
        record.data(view.buffer, view.offset).toString("utf8"),
      ) as Partial<Defaults>;
      return {
        ...($userStreamAcl && { $userStreamAcl: { ...DEFAULTS.$userStreamAcl, ...$userStreamAcl } }),
        ...($systemStreamAcl && { $systemStreamAcl: { ...DEFAULTS.$systemStreamAcl, ...$systemStreamAcl } }),
      };
    } catch {
      return {};
    }
  }
}
