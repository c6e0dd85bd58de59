import { isDatabaseAway } from "../mongo/away";

/** Whether a store could not be reached: the same may succeed the next time. Knows neither client, so it costs nothing. */
export const isStoreAway = (error: unknown): error is Error =>
  error instanceof Error && (error.name === "EventLogUnavailable" || isDatabaseAway(error));
