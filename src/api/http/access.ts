import { type Role, ROLES } from "../../infra/security";
import { type Route, type Security } from "./route";

/** Who may call a route. */
export interface Access {
  /** No credential is needed; where it is only so on a server that listens on its own machine alone, `on-loopback`. */
  readonly anyone: boolean | "on-loopback";
  /** By these roles; all of them where anyone may. */
  readonly roles: readonly Role[];
}

/** What a route's security says of each role. */
export function accessOf(security: Security): Access {
  if (security === "public" || security === "optional-shopper") return { anyone: true, roles: ROLES };
  if (security === "shopper") return { anyone: false, roles: ["customer"] };
  const { roles, openOnLoopback } = security;
  return {
    anyone: openOnLoopback ? "on-loopback" : false,
    roles: ROLES.filter((role) => role === "admin" || roles.includes(role)),
  };
}

/** The table of routes and roles, in Markdown. */
export function accessMarkdown(routes: readonly Route[]): string {
  const named = ROLES.map((role) => role);
  const rows = routes.map((route) => {
    const { anyone, roles } = accessOf(route.security);
    const nobody = anyone === true ? "✓" : anyone === "on-loopback" ? "local" : "";
    return [`\`${route.method} ${route.path}\``, nobody, ...named.map((role) => (roles.includes(role) ? "✓" : ""))];
  });
  const table = [["Route", "nobody", ...named], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(3, ...table.map((cells) => cells[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const [head = [], ...body] = table;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("");
}
