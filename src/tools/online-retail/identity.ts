import { type LocationId, type OrderId, type ProductId } from "../../domains/kernel";
import { type CommandContext } from "../../infra/runtime/command";
import { deriveId } from "../../infra/runtime/ids";

/**
 * Name of the source. Ids come from it and from what the file itself names (an invoice's number, an article's code),
 * not from the file's fingerprint: a longer file of the same shop brings only what is new.
 */
export const SOURCE = "online-retail";
/** Where the source's stock lies, apart from what the shop itself sells from. */
export const LOCATION = "onlineretail" as LocationId;
export const ACTOR = `import:${SOURCE}`;

export const productIdOf = (code: string): ProductId => deriveId("product", SOURCE, code) as ProductId;
export const orderIdOf = (number: string): OrderId => deriveId("order", SOURCE, number) as OrderId;

/** The whole import is one cause, also over several runs, so that a run killed and resumed leaves the same log. */
const correlationId = deriveId("import", SOURCE);

/**
 * The context of one command of the import. Its id follows from the key alone: in the next run it is the same command.
 * Streams are expected to be new, since most are; what is there is found by the append.
 */
export const contextOf = (occurredAt: string, ...key: readonly (string | number)[]): CommandContext => ({
  commandId: deriveId("import", SOURCE, ...key),
  correlationId,
  causationId: correlationId,
  actor: ACTOR,
  occurredAt,
  assumeNew: true,
});
