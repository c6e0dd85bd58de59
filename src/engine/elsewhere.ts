import { request } from "undici";
import { type Answer, type Elsewhere, type Question } from "../api/operations";
import { type InstanceDocument, type MongoStores, registeredInstances } from "../infra/mongo";
import { keptFor } from "../infra/runtime";
import { SERVICE_TOKEN_HEADER } from "../infra/security";
import { type Context, worksOf } from "./context";

/** How long a process may take to answer, in ms. */
const PATIENCE = 3_000;
/** How long the register is as good as looked at, in ms. */
const FRESH = 1_000;

export interface ElsewhereOptions {
  readonly contexts: readonly Context[];
  /** The contexts that this process is. */
  readonly only: readonly string[];
  readonly stores: MongoStores;
  /** Makes the token by which a service believes what is said of the caller, as gateways do; where services want that. */
  readonly sign?: ((service: string) => string) | undefined;
}

/** The contexts that are other processes, found by the register of instances. */
export function elsewhere({ contexts, only, stores, sign }: ElsewhereOptions): Elsewhere {
  const works = contexts.flatMap(worksOf);
  const others = new Set(works.flatMap(({ context }) => (only.includes(context) ? [] : [context])));
  const instances = keptFor(FRESH, () => registeredInstances(stores));
  return {
    contexts: [...others],
    ownersOf(name) {
      const exact = works.filter((work) => `${work.context}.${work.name}` === name);
      const found = exact.length > 0 ? exact : works.filter((work) => work.name === name);
      return found.map(({ context }) => context);
    },
    async ask(context, question) {
      for (const { url } of (await instances()).filter((instance) => knows(instance, context)).toSorted(byRole)) {
        const token = sign && { [SERVICE_TOKEN_HEADER]: sign(context) };
        const answer = await asked(url, { ...question, headers: { ...question.headers, ...token } });
        if (answer) return answer;
      }
      return undefined;
    },
  };
}

/** Whether the process opens the context's database. */
const knows = ({ role, state, parts = [] }: InstanceDocument, context: string): boolean =>
  state === "serving" &&
  role !== "gateway" &&
  parts.some((part) => part === "all work" || part.split(".")[0] === context);

/** Those that serve know of all work of their contexts, whoever does it; a worker, perhaps, of its own alone. */
const byRole = (a: InstanceDocument, b: InstanceDocument): number => Number(b.role === "serve") - Number(a.role === "serve"); // prettier-ignore

async function asked(url: string, { method, path, headers, body }: Question): Promise<Answer | undefined> {
  try {
    const answer = await request(`${url}${path}`, {
      method: method as "GET" | "POST",
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const { location } = answer.headers;
    return {
      status: answer.statusCode,
      location: typeof location === "string" ? location : undefined,
      body: (await answer.body.json()) as Answer["body"],
    };
  } catch {
    return undefined; // another instance may answer
  }
}
