/**
 * Why a command is refused. `kind` says what sort of refusal it is (the HTTP layer maps it to a status):
 * `not-found` (404), `conflict` with the aggregate's present state (409), `invalid` input that only the domain
 * can judge (422).
 */
export type DomainErrorKind = "not-found" | "conflict" | "invalid";

/** A refusal as a value: a stable code for programs, one clear sentence for people, and the facts behind it. */
export class DomainError<Code extends string = string> {
  constructor(
    readonly kind: DomainErrorKind,
    readonly code: Code,
    readonly message: string,
    /** JSON values that explain the refusal, e.g. `{ sku, available, requested }`; `field` names the input at fault. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {}
}

export const notFound = <Code extends string>(code: Code, message: string, details?: Record<string, unknown>) =>
  new DomainError("not-found", code, message, details);

export const conflict = <Code extends string>(code: Code, message: string, details?: Record<string, unknown>) =>
  new DomainError("conflict", code, message, details);

export const invalid = <Code extends string>(code: Code, message: string, details?: Record<string, unknown>) =>
  new DomainError("invalid", code, message, details);
