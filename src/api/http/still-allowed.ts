import { Problem } from "./problem";
import { type RequestContext } from "./request-context";

/** How often it is looked at whether a caller may still have what it is being sent, in ms. */
const LOOK = 1_000;

/**
 * Cuts an answer that lasts once its caller may not have it any more: a key that was revoked, a token that has expired.
 * While that cannot be told, the answer goes on.
 * @returns ends the watch
 */
export function whileAllowed(context: RequestContext, cut: () => void): () => void {
  const { stillAllowed } = context;
  if (stillAllowed === undefined) return () => undefined;
  const refused = (error: unknown): void => {
    if (!(error instanceof Problem && (error.status === 401 || error.status === 403))) return;
    clearInterval(timer);
    context.log.info({ code: error.code }, "an answer under way was cut: its caller may not have it any more");
    cut();
  };
  const look = (): void => {
    try {
      stillAllowed()?.catch(refused);
    } catch (error) {
      refused(error);
    }
  };
  const timer = setInterval(look, LOOK).unref();
  return () => clearInterval(timer);
}
