import { type Answer } from "./http";

/** What something was written by: an answer, an article that was made, or the token itself. */
type Written = Pick<Answer, "headers"> | { readonly token: string } | string;

/** The consistency token of a write. @throws when the answer has none */
export function tokenOf(written: Written): string {
  if (typeof written === "string") return written;
  const token = "token" in written ? written.token : written.headers["consistency-token"];
  if (token === undefined) throw new Error("an answer without a consistency token: nothing was written by it");
  return token;
}

/** Headers of a request that is to see a write. */
export const seen = (written: Written) => ({ "Consistency-Token": tokenOf(written) });

/** Options of a read that is to see a write: `caller.get(path, after(answer))`. */
export const after = (written: Written) => ({ headers: seen(written) });
