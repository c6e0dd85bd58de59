import { z } from "zod";
import { documentationPage } from "./documentation-page";
import { problemsPage } from "./documentation-problems";
import { PAGE_POLICY } from "./html";
import { type ApiInfo, type OpenApi, openApiDocument } from "./openapi";
import { problemKinds } from "./openapi-problems";
import { missing, problemTitle } from "./problem";
import { prepare, Prepared, raw, type RawReply } from "./reply";
import { type Route, route } from "./route";

const HTML = "text/html; charset=utf-8";
/** Pages made for so many of the names that this server is reached under are kept. */
const KEPT_PAGES = 10;

const webPage = (content: Prepared): RawReply => raw(content, { headers: { "Content-Security-Policy": PAGE_POLICY } });
const pageOf = (text: string): Prepared => new Prepared(Buffer.from(text), HTML);

const shared = { method: "GET", tags: ["Documentation"], security: "public", heeds: ["If-None-Match"] } as const;
const webAnswer = (description: string) => ({ 200: { description, mediaType: HTML } });

/** What the given routes are, for programs and for people. Nothing is made before it is asked for. */
export function documentationRoutes(routes: readonly Route[], info: ApiInfo = {}): readonly Route[] {
  const own: Route[] = [];
  const all = () => [...routes, ...own];
  const document = once((): OpenApi => openApiDocument(all(), info));
  const json = once(() => prepare(document()));
  const kinds = once(() => problemKinds(all()));
  const problems = once(() => pageOf(problemsPage(kinds(), "Problems")));
  const pages = new Map<string, Prepared>();

  own.push(
    route({
      ...shared,
      path: "/openapi.json",
      operationId: "getOpenApi",
      summary: "This API as an OpenAPI 3.1 document",
      responses: { 200: { description: "The document", schema: z.record(z.string(), z.unknown()) } },
      handler: () => raw(json()),
    }),
    route({
      ...shared,
      path: "/docs",
      operationId: "getDocs",
      summary: "This API as a page to read",
      headers: z.object({ host: z.string().optional() }),
      responses: webAnswer("The page"),
      handler({ headers }) {
        const url = `http://${plainHost(headers.host) ?? "127.0.0.1:8080"}`;
        let page = pages.get(url);
        if (!page) {
          if (pages.size >= KEPT_PAGES) pages.clear();
          pages.set(url, (page = pageOf(documentationPage(document(), url))));
        }
        return webPage(page);
      },
    }),
    route({
      ...shared,
      path: "/problems",
      operationId: "listProblems",
      summary: "Every problem that a request can end in",
      responses: webAnswer("The page"),
      handler: () => webPage(problems()),
    }),
    route({
      ...shared,
      path: "/problems/:code",
      operationId: "getProblem",
      summary: "One problem: what it means, and where it comes up",
      params: z.object({ code: z.string().meta({ examples: ["stale-revision"] }) }),
      responses: webAnswer("The page"),
      handler({ params }) {
        const kind = kinds().find(({ code }) => code === params.code);
        return kind ? webPage(pageOf(problemsPage([kind], problemTitle(kind.code)))) : missing("problem");
      },
    }),
  );
  return own;
}

/** The name that the caller reached us under, if it looks like one. */
const plainHost = (host: string | undefined): string | undefined =>
  host !== undefined && /^[\w.[\]:-]{1,255}$/.test(host) ? host : undefined;

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
