import { type DomainError, invalid } from "../../domains/kernel";

const MESSAGE = "This Idempotency-Key was used for another request. Use a new key for a new command.";

/** The refusal of a command whose key stands for other content, or for another aggregate. */
export const keyReused = (): DomainError =>
  invalid("idempotency-key-reused", MESSAGE, {
    errors: [{ path: "Idempotency-Key", message: "was used for another request", in: "header" }],
  });
