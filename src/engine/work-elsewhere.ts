import { type FollowedState } from "../api/operations";
import { type ReadModels } from "../infra/runtime";
import { actingOf, type Context } from "./context";
import { type Runners, type Workers } from "./own-work";

/** What other processes work on for the contexts. */
export function followedStates(
  contexts: readonly Context[],
  models: ReadModels,
  runners: Runners,
  workers: Workers,
): readonly FollowedState[] {
  return contexts.flatMap((context) => [
    ...followedModels(context, models, runners),
    ...actingOf(context)
      .filter(({ name }) => !workers.has(`${context.name}.${name}`))
      .map(({ name, kind }) => ({
        name,
        context: context.name,
        kind,
        version: null,
        target: name,
        partitions: 1,
        position: -1n,
      })),
  ]);
}

function followedModels(
  { projections, feeds }: Context,
  models: ReadModels,
  runners: Runners,
): readonly FollowedState[] {
  return [
    ...projections.map((projection) => ({ ...projection, kind: "projection" as const })),
    ...feeds.map((feed) => ({ ...feed, kind: "feed" as const })),
  ].flatMap(({ name, context, version, kind }) => {
    if (runners.has(`${context}.${name}`)) return [];
    const { position, ready, collection, partitions } = models.get(context, name);
    const target = ready ? collection.collectionName : null;
    return [{ name, context, version, kind, target, partitions, position }];
  });
}
