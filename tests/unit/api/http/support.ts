import { createLogger, silentLogger } from "../../../../src/infra/observability";
import { ApiKeys, hashApiKey, type Principal, shopperTokens } from "../../../../src/infra/security";
import { type AppOptions, createApp, listen, type Listening, type Route } from "../../../../src/api/http";

export const SHOPPER = "0b3f7c1e-52a4-4f4b-9b3a-6d8a2f0c7e11";
export const tokens = shopperTokens("a secret for tests");

const PRINCIPALS: Readonly<Record<string, Principal>> = {
  mk_admin_0123456789abcdef: { name: "root", roles: ["admin"] },
  mk_stock_0123456789abcdef: { name: "warehouse", roles: ["stock"] },
};
export const ADMIN_KEY = "mk_admin_0123456789abcdef";
export const STOCK_KEY = "mk_stock_0123456789abcdef";

const byHash = new Map(Object.entries(PRINCIPALS).map(([key, principal]) => [hashApiKey(key), { principal }]));

export const apiKeys = (): ApiKeys => new ApiKeys({ find: (hash) => Promise.resolve(byHash.get(hash)) });

/** A real server on a free port. */
export const serve = (routes: readonly Route[], options: Partial<AppOptions> = {}): Promise<Listening> =>
  listen(createApp(routes, { log: silentLogger(), shoppers: tokens, apiKeys: apiKeys(), ...options }), {
    port: 0,
    host: "127.0.0.1",
  });

/** A logger whose lines are kept. */
export function keptLog(level: "debug" | "info" | "error" = "error") {
  const lines: Record<string, unknown>[] = [];
  const write = (text: string) => {
    // Lines of requests come several at a time.
    for (const line of text.trimEnd().split("\n")) lines.push(JSON.parse(line) as Record<string, unknown>);
  };
  const log = createLogger({ level, destination: { write } });
  return { log, lines };
}
