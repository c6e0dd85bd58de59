import { merge, map } from "rxjs";
import { type ReadModels } from "../../infra/runtime";
import { ndjson, route, type Route } from "../http";

/** Something is said at least so often, in ms, so that silence means that the connection is lost. */
const HEARTBEAT = 5_000;
/** Changes that come within this time, in ms, are told as one. */
const BREATH = 5;

type Line = { readonly context: string } | { readonly watching: readonly string[] } | Readonly<Record<string, never>>;

/**
 * What services tell each other and the gateway; the gateway passes none of it on.
 * @param ending fires when the process is to stop
 */
export const internalRoutes = (models: ReadModels, ending: AbortSignal): readonly Route[] => [
  route({
    method: "GET",
    path: "/internal/v1/changes",
    operationId: "followChanges",
    summary: "Tells whenever read models have changed as they are read here: the name of their context, one a line",
    description: "For gateways that keep answers. It says nothing of what changed.",
    tags: ["Operations"],
    security: "public",
    heeds: [],
    cache: "no-store",
    responses: { 200: { description: "Lines without end", mediaType: "application/x-ndjson" } },
    handler: ({ signal }) => ndjson(changes(models, AbortSignal.any([signal, ending]))),
  }),
];

/** Batches of lines: each batch is sent at once. */
async function* changes(models: ReadModels, signal: AbortSignal): AsyncGenerator<readonly Line[], void, void> {
  const all = models.all();
  const changed = new Set<string>();
  let wake: () => void = () => undefined;
  const subscription = merge(...all.map(({ changes$, context }) => changes$.pipe(map(() => context)))).subscribe(
    (context) => {
      changed.add(context);
      wake();
    },
  );
  const gone = () => wake();
  signal.addEventListener("abort", gone);
  try {
    yield [{ watching: [...new Set(all.map(({ context }) => context))] }];
    while (!signal.aborted) {
      if (changed.size === 0) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, HEARTBEAT);
        });
        clearTimeout(timer);
        if (changed.size > 0) await new Promise((resolve) => setTimeout(resolve, BREATH));
      }
      const contexts = [...changed];
      changed.clear();
      yield contexts.length > 0 ? contexts.map((context) => ({ context })) : [{}];
    }
  } finally {
    subscription.unsubscribe();
    signal.removeEventListener("abort", gone);
  }
}
