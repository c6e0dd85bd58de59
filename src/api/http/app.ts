import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { Dispatcher, type DispatcherOptions } from "./dispatcher";
import { Problem } from "./problem";
import { type Route } from "./route";

export type AppOptions = DispatcherOptions;

/** An express application without what this toolkit does itself: tags of content, query parsing, its own signature. */
export function bareApp(): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("query parser", "simple");
  return app;
}

/** Puts a table of routes into the application. Paths that are not in it go on to what is mounted next. */
export function mount(app: Express, routes: readonly Route[], options: AppOptions): void {
  const dispatcher = new Dispatcher(routes, options);
  app.use((request: Request, response: Response, next: NextFunction) => dispatcher.handle(request, response, next));
}

/** Last in the application: paths that nobody has are 404, errors of other middleware become problems. */
export function mountEnd(app: Express, options: AppOptions): void {
  const dispatcher = new Dispatcher([], options);
  app.use((request: Request, response: Response) =>
    dispatcher.refuse(request, response, new Problem(404, "unknown-route", "There is nothing at this address.")),
  );
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) =>
    dispatcher.refuse(request, response, error),
  );
}

/** The whole application for a table of routes. */
export function createApp(routes: readonly Route[], options: AppOptions): Express {
  const app = bareApp();
  mount(app, routes, options);
  mountEnd(app, options);
  return app;
}
