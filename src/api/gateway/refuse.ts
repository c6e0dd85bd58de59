import { type IncomingMessage, type ServerResponse } from "node:http";
import { SECURITY_HEADERS } from "../../infra/security";
import { type Problem } from "../http";

/** Answers with a problem, in the form that the services give theirs. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  problem: Problem,
  correlationId: string,
  extra: readonly string[],
): void {
  const body = JSON.stringify(problem.document(correlationId));
  const head = [
    ...SECURITY_HEADERS,
    "Content-Type",
    "application/problem+json; charset=utf-8",
    "Cache-Control",
    "no-store",
    "X-Correlation-Id",
    correlationId,
    ...Object.entries(problem.headers ?? {}).flat(),
    ...extra,
    "Content-Length",
    String(Buffer.byteLength(body)),
  ];
  response.writeHead(problem.status, head);
  response.end(request.method === "HEAD" ? undefined : body);
}
