import { execFileSync } from "node:child_process";
import { join } from "node:path";

interface Snippet {
  readonly file: string;
  readonly code: string;
}

/** What the project's linter says to each snippet, as if it were the file of that name. */
function lint(snippets: readonly Snippet[]): string[][] {
  const script = join(__dirname, "lint-snippets.mjs");
  const answer = execFileSync(process.execPath, [script], {
    cwd: join(__dirname, "../../.."),
    input: JSON.stringify(snippets),
    encoding: "utf8",
  });
  return JSON.parse(answer) as string[][];
}

/** `file` imports `what` from `target`. */
const imports = (file: string, target: string, what = "whatever"): Snippet => ({
  file,
  code: `import { ${what} } from "${target}";\nexport const used = ${what};\n`,
});

const ALLOWED: readonly Snippet[] = [
  imports("src/domains/cart/snippet.ts", "../kernel"),
  imports("src/domains/cart/snippet.ts", "./cart-state"),
  imports("src/domains/cart/snippet.ts", "../pricing/events"),
  imports("src/domains/cart/snippet.ts", "zod"),
  imports("src/projections/storefront/snippet.ts", "../../domains/pricing/events"),
  imports("src/projections/storefront/snippet.ts", "../../domains/pricing/price-at"),
  imports("src/projections/storefront/snippet.ts", "./documents"),
  imports("src/projections/storefront/snippet.ts", "../words"),
  imports("src/api/storefront/snippet.ts", "../http"),
  imports("src/api/storefront/snippet.ts", "../../domains/cart"),
  imports("src/api/storefront/snippet.ts", "../../projections/storefront"),
  imports("src/api/storefront/snippet.ts", "../../infra/runtime"),
  imports("src/infra/runtime/snippet.ts", "../../domains/kernel"),
  imports("src/infra/runtime/snippet.ts", "../eventstore"),
  imports("src/infra/payments/snippet.ts", "../../domains/payment/provider"),
  imports("src/engine/snippet.ts", "../domains/cart"),
  imports("src/engine/snippet.ts", "../infra/bundled/mongod"),
  imports("src/tools/seed/snippet.ts", "../../domains/catalog"),
  imports("src/cli/snippet.ts", "../engine/engine"),
  imports("src/main.ts", "./cli/process.js"),
  { file: "src/domains/cart/snippet.ts", code: "export const millis = (at: string) => new Date(at).getTime();\n" },
];

const REFUSED: readonly Snippet[] = [
  // One context and another's decider, by whatever way.
  imports("src/domains/cart/snippet.ts", "../pricing/price"),
  imports("src/domains/cart/snippet.ts", "../pricing"),
  imports("src/domains/cart/snippet.ts", "../pricing/price-at"),
  imports("src/domains/cart/events.ts", "../pricing/price"),
  { file: "src/domains/cart/snippet.ts", code: 'export * from "../pricing/price";\n' },
  { file: "src/domains/cart/snippet.ts", code: 'export const later = import("../pricing/price.js");\n' },
  { file: "src/domains/cart/snippet.ts", code: 'import type { PriceState } from "../pricing/price";\nexport type P = PriceState;\n' }, // prettier-ignore
  imports("src/projections/storefront/snippet.ts", "../../domains/pricing/price"),
  imports("src/projections/storefront/snippet.ts", "../../domains/pricing"),
  // Against the direction.
  imports("src/domains/kernel/snippet.ts", "../cart/events"),
  imports("src/domains/cart/snippet.ts", "../../projections/cart"),
  imports("src/domains/cart/snippet.ts", "../../infra/runtime"),
  imports("src/domains/cart/snippet.ts", "../../api/http"),
  imports("src/projections/cart/snippet.ts", "../../api/http"),
  imports("src/projections/cart/snippet.ts", "../../infra/mongo"),
  imports("src/projections/cart/snippet.ts", "../storefront"),
  imports("src/infra/runtime/snippet.ts", "../../domains/cart/events"),
  imports("src/infra/runtime/snippet.ts", "../../projections/cart"),
  imports("src/infra/runtime/snippet.ts", "../../api/http"),
  imports("src/infra/runtime/snippet.ts", "../../engine/engine"),
  imports("src/infra/eventstore/snippet.ts", "../bundled/eventstore"),
  imports("src/infra/bundled/snippet.ts", "../../domains/kernel"),
  imports("src/infra/payments/snippet.ts", "../../domains/payment"),
  imports("src/infra/payments/snippet.ts", "../../domains/cart/events"),
  imports("src/api/http/snippet.ts", "../storefront"),
  imports("src/api/http/snippet.ts", "../../domains/cart"),
  imports("src/api/storefront/snippet.ts", "../analytics/routes"),
  imports("src/api/storefront/snippet.ts", "../../engine/engine"),
  imports("src/api/storefront/snippet.ts", "../../infra/bundled/mongod"),
  imports("src/engine/snippet.ts", "../cli/process"),
  imports("src/tools/seed/snippet.ts", "../../engine/engine"),
  imports("src/tools/seed/snippet.ts", "../../api/services"),
  imports("src/cli/snippet.ts", "../domains/cart"),
  imports("src/cli/snippet.ts", "../main"),
  imports("src/main.ts", "./engine/engine"),
  imports("src/cli/snippet.ts", "../main"),
  // Out of the pure core.
  imports("src/domains/cart/snippet.ts", "node:crypto"),
  imports("src/domains/cart/snippet.ts", "uuid"),
  imports("src/projections/cart/snippet.ts", "mongodb"),
  { file: "src/domains/cart/snippet.ts", code: "export const now = new Date();\n" },
  { file: "src/domains/cart/snippet.ts", code: "export const now = () => Date.now();\n" },
  { file: "src/projections/cart/snippet.ts", code: "export const dice = () => Math.random();\n" },
  { file: "src/projections/cart/snippet.ts", code: "export const mode = process.env.MODE;\n" },
  // A place that the map does not know.
  { file: "src/snippet.ts", code: "export {};\n" },
];

describe("import direction", () => {
  const answers = lint([...ALLOWED, ...REFUSED]);
  const said = (snippet: Snippet) => `${snippet.file}: ${snippet.code.split("\n")[0] ?? ""}`;

  it.each(ALLOWED.map((snippet, index) => [said(snippet), index] as const))("allows %s", (_, index) => {
    expect(answers[index]).toEqual([]);
  });
  it.each(REFUSED.map((snippet, index) => [said(snippet), index] as const))("refuses %s", (_, index) => {
    expect(answers[ALLOWED.length + index]).toEqual([expect.stringMatching(/^(boundaries\/|no-restricted-)/)]);
  });
});
