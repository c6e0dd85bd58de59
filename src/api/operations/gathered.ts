import { type AnyReply, type Context, Problem, type Route } from "../http";

/** What is asked of another process. */
export interface Question {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The contexts that are other processes than this one. */
export interface Elsewhere {
  readonly contexts: readonly string[];
  /** Whose work, or process, a name means; with its context before it, or bare. None when nobody has it. */
  ownersOf(name: string): readonly string[];
  /** Asks a process of the context; `undefined` when none answers. */
  ask(context: string, question: Question): Promise<Answer | undefined>;
}

const LISTS: ReadonlySet<string> = new Set(["listProjections", "listProcesses"]);

/**
 * The state of all work, where each context is a process of its own: lists are put together from what all of them say, and
 * what is about one work is asked of its own context. No other context's database is looked into.
 */
export const gathered = (routes: readonly Route[], elsewhere: Elsewhere): readonly Route[] =>
  routes.map((route) => ({
    ...route,
    handler: (context) =>
      LISTS.has(route.operationId) ? listed(route, context, elsewhere) : passedOn(route, context, elsewhere),
  }));

interface List {
  readonly items: readonly unknown[];
  readonly head?: string;
}

async function listed(route: Route, context: Context, elsewhere: Elsewhere): Promise<AnyReply> {
  const [own, ...others] = await Promise.all([
    route.handler(context),
    ...elsewhere.contexts.map(async (name) => [name, await elsewhere.ask(name, questionOf(route, context))] as const),
  ]);
  if (own instanceof Error || !("body" in own)) return own;
  const refused = others.find(([, answer]) => answer !== undefined && answer.status !== 200)?.[1];
  if (refused) return replyOf(refused);
  const lists = [own.body as List, ...others.flatMap(([, answer]) => (answer ? [answer.body as unknown as List] : []))];
  const heads = lists.flatMap(({ head }) => (head === undefined ? [] : [BigInt(head)]));
  const silent = others.flatMap(([name, answer]) => (answer ? [] : [name]));
  return {
    status: 200,
    body: {
      items: lists.flatMap(({ items }) => items),
      ...(heads.length > 0 && { head: heads.reduce((a, b) => (a > b ? a : b)).toString() }),
      ...(silent.length > 0 && { silent }),
    },
  };
}

async function passedOn(route: Route, context: Context, elsewhere: Elsewhere): Promise<AnyReply> {
  const { name, process } = context.params as { readonly name?: string; readonly process?: string };
  const named = name ?? process ?? "";
  const [owner, ...others] = elsewhere.ownersOf(named);
  if (owner === undefined) return route.handler(context);
  if (others.length > 0) {
    const names = [owner, ...others].map((each) => `${each}.${named}`);
    const message = `Several contexts have ${named}: say ${names.join(" or ")}.`;
    return new Problem(409, "ambiguous-name", message, { details: { names } });
  }
  if (!elsewhere.contexts.includes(owner)) return route.handler(context);
  const answer = await elsewhere.ask(owner, questionOf(route, context));
  if (answer) return replyOf(answer);
  return new Problem(503, "context-away", `No process of ${owner} answers, whose ${named} is.`, {
    headers: { "Retry-After": "2" },
  });
}

function questionOf({ method }: Route, { path, query, body, passOn }: Context): Question {
  const asked = Object.entries((query ?? {}) as Readonly<Record<string, unknown>>).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)]],
  );
  const text = new URLSearchParams(Object.fromEntries(asked) as Record<string, string>).toString();
  return { method, path: text === "" ? path : `${path}?${text}`, headers: passOn, body };
}

function replyOf({ status, location, body }: Answer): AnyReply {
  if (status < 400) return { status, body, ...(location !== undefined && { headers: { Location: location } }) };
  const { code, detail, type: _type, title: _title, status: _status, correlationId: _id, errors: _errors, ...details } = body; // prettier-ignore
  const problem = typeof code === "string" && typeof detail === "string" ? { code, detail } : FAULT;
  return new Problem(status, problem.code, problem.detail, { details });
}

const FAULT = { code: "bad-answer", detail: "The process that was asked gave an answer that is none." };
