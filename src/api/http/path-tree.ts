import { type Method, type Route } from "./route";

/** What a route must have to be found. */
type Findable = Pick<Route, "method" | "path">;

interface Branch<R extends Findable> {
  readonly children: Map<string, Branch<R>>;
  parameter: Branch<R> | undefined;
  place: Place<R> | undefined;
}

/** The routes of one path, by method. */
export interface Place<R extends Findable = Route> {
  readonly pattern: string;
  readonly routes: Partial<Record<Method, Entry<R>>>;
  readonly allow: string;
}

export interface Entry<R extends Findable = Route> {
  readonly route: R;
  /** Names of the path's parameters, in their order. */
  readonly names: readonly string[];
}

/** Where a path leads, and the raw text of each parameter on the way. */
export interface Found<R extends Findable = Route> {
  readonly place: Place<R>;
  readonly values: readonly string[];
}

/**
 * Routes by path, found segment by segment: the time depends on the depth of the path, not on how many routes there
 * are. A literal segment goes before a parameter; one trailing slash is passed over.
 */
export class PathTree<R extends Findable = Route> {
  private readonly root: Branch<R> = newBranch();

  constructor(routes: readonly R[]) {
    for (const route of routes) this.add(route);
  }

  find(path: string): Found<R> | undefined {
    const end = path.length > 1 && path.endsWith("/") ? path.length - 1 : path.length;
    const values: string[] = [];
    const place = descend(this.root, path, 1, end, values);
    return place && { place, values };
  }

  private add(route: R): void {
    const names: string[] = [];
    let branch = this.root;
    for (const segment of route.path.split("/").slice(1)) {
      if (segment === "") continue;
      let next: Branch<R>;
      if (segment.startsWith(":")) {
        names.push(segment.slice(1));
        next = branch.parameter ??= newBranch();
      } else {
        next = branch.children.get(segment) ?? newBranch();
        branch.children.set(segment, next);
      }
      branch = next;
    }
    const routes = branch.place?.routes ?? {};
    if (routes[route.method]) throw new Error(`two routes for ${route.method} ${route.path}`);
    routes[route.method] = { route, names };
    branch.place = { pattern: route.path, routes, allow: allowOf(routes) };
  }
}

const newBranch = <R extends Findable>(): Branch<R> => ({
  children: new Map(),
  parameter: undefined,
  place: undefined,
});

function allowOf(routes: Partial<Record<Method, unknown>>): string {
  const methods = Object.keys(routes);
  return [...methods, ...(routes.GET ? ["HEAD"] : []), "OPTIONS"].join(", ");
}

function descend<R extends Findable>(
  branch: Branch<R>,
  path: string,
  from: number,
  end: number,
  values: string[],
): Place<R> | undefined {
  if (from >= end) return branch.place;
  const slash = path.indexOf("/", from);
  const to = slash < 0 || slash > end ? end : slash;
  const segment = path.slice(from, to);
  const child = branch.children.get(segment);
  if (child !== undefined) {
    const place = descend(child, path, to + 1, end, values);
    if (place !== undefined) return place;
  }
  if (branch.parameter === undefined || segment === "") return undefined;
  values.push(segment);
  const place = descend(branch.parameter, path, to + 1, end, values);
  if (place === undefined) values.pop();
  return place;
}
