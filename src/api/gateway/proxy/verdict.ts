import { Problem } from "../../http";
import { isFault, isLate } from "../resilience/retry";
import { type Ended } from "./attempt";
import { CallerGone } from "./body";

/**
 * What an attempt says about its instance. `well`: it answers. `faulty`: it answers with errors of its own. `late`: it
 * does not answer in time. `broken`: it cannot be reached, or breaks off. `none`: nothing.
 */
export type Verdict = "well" | "faulty" | "late" | "broken" | "none";

export function verdictOf(ended: Ended): Verdict {
  switch (ended.kind) {
    case "gone":
      return "none";
    case "answered":
      if (!ended.whole) return "broken";
      return ofStatus(ended.status);
    case "failed":
      if (ended.error instanceof Problem || ended.error instanceof CallerGone) return "none";
      if (ended.failure.kind === "status") return ofStatus(ended.status ?? 0);
      return ended.failure.kind === "late" ? "late" : "broken";
  }
}

const ofStatus = (status: number): Verdict => (isFault(status) ? "faulty" : isLate(status) ? "late" : "well");
