import boundaries from "eslint-plugin-boundaries";

/*
 * Imports run one way: main → cli → engine → api → projections, domains → domains/kernel, and engine, api → infra.
 * What is not allowed here is refused; a new kind of file has to be named here before it can be imported.
 */

/** What each file is; the first that fits. Every file under `src` has its place. */
const files = [
  { category: "main", pattern: "src/main.ts" },
  { category: "cli", pattern: "src/cli/**" },
  { category: "engine", pattern: "src/engine/**" },

  { category: "kernel", pattern: "src/domains/kernel/**" },
  /** The facts of a context: what other contexts may know of it. */
  { category: "events", pattern: "src/domains/*/events.ts", capture: ["context"] },
  /** Pure helpers that readers of the facts share with the deciders, so that both see the same. */
  {
    category: "readings",
    pattern: "src/domains/*/{*-state,*-at,level,stock-id,iso3166,iso4217}.ts",
    capture: ["context"],
  },
  { category: "provider", pattern: "src/domains/*/provider.ts", capture: ["context"] },
  { category: "domain", pattern: "src/domains/*/**", capture: ["context"] },

  { category: "projections-shared", pattern: "src/projections/*.ts" },
  { category: "projections", pattern: "src/projections/*/**", capture: ["context"] },

  { category: "api-http", pattern: "src/api/http/**" },
  { category: "api-shared", pattern: ["src/api/shared/**", "src/api/*.ts"] },
  { category: "api", pattern: "src/api/*/**", capture: ["touchpoint"] },

  { category: "infra", pattern: "src/infra/*/**", capture: ["part"] },

  { category: "tools-shared", pattern: ["src/tools/*.ts", "src/tools/http/**"] },
  { category: "tools", pattern: "src/tools/*/**", capture: ["tool"] },
];

const is = (categories, captured) => ({ file: { categories, ...(captured && { captured }) } });
const same = (name) => ({ [name]: `{{ from.file.captured.${name} }}` });
/** Files of any of the categories may import any of the entities. */
const may = (from, ...to) => ({ from: is(from), allow: { to } });

const ANY_DOMAIN = is(["events", "readings", "provider", "domain"]);
/** Nothing but the engine and the command line knows that Millrace brings stores of its own. */
const INFRA = is("infra", { part: "!(bundled)" });

/** What each part of infra may import besides itself. */
const infraMay = (part, ...to) => ({ from: is("infra", { part }), allow: { to } });
const part = (...names) => is("infra", { part: names });

const policies = [
  may("main", is("cli")),
  may("cli", is(["cli", "engine", "tools", "tools-shared", "infra"])),
  may(
    "engine",
    is(["engine", "api", "api-shared", "api-http", "projections", "projections-shared", "kernel", "tools", "infra"]),
    ANY_DOMAIN,
  ),

  // One context never imports another's decider; it may import another's facts.
  may("kernel", is("kernel")),
  may(
    ["events", "readings", "provider", "domain"],
    is(["kernel", "events"]),
    is(["readings", "provider", "domain"], same("context")),
  ),

  may("projections-shared", is(["kernel", "events"])),
  may("projections", is(["kernel", "events", "readings", "projections-shared"]), is("projections", same("context"))),

  may("api-http", is(["api-http", "kernel"]), part("runtime", "security", "observability")),
  may("api-shared", is(["api-shared", "api-http", "projections", "projections-shared", "kernel"]), ANY_DOMAIN, INFRA),
  may(
    "api",
    is("api", same("touchpoint")),
    is(["api-shared", "api-http", "projections", "projections-shared", "kernel"]),
    ANY_DOMAIN,
    INFRA,
  ),

  // Infra knows the shape of a decider and a projection, never a particular one.
  may("infra", is("infra", same("part"))),
  infraMay("eventstore", is("kernel"), part("privacy")),
  infraMay("privacy", is("kernel"), part("mongo")),
  infraMay("mongo", is("kernel"), part("runtime")),
  infraMay("runtime", is("kernel"), part("eventstore", "mongo", "observability", "privacy")),
  infraMay("audit", is("kernel"), part("eventstore", "mongo", "privacy", "runtime")),
  infraMay("security", part("runtime")),
  infraMay("config", part("observability", "privacy", "security")),
  // The adapters behind the payment context's own port.
  infraMay("payments", is("kernel"), is(["events", "provider"], { context: "payment" }), part("runtime")),

  may("tools-shared", is(["tools-shared", "kernel"])),
  may("tools", is("tools", same("tool")), is(["tools-shared", "kernel"]), ANY_DOMAIN, part("runtime")),
];

/** Files of the pure core: no I/O, no clock, no randomness; time, ids and every fact from outside come in as data. */
const PURE = ["src/domains/**/*.ts", "src/projections/**/*.ts"];
const impure = (selector, what) => ({ selector, message: `${what}: it comes in as data (CONTRIBUTING.md).` });

export default [
  {
    files: ["src/**/*.ts"],
    plugins: { boundaries },
    settings: {
      "boundaries/files": files,
      "boundaries/files-single-match": true,
      "import/resolver": { typescript: { project: "tsconfig.json" } },
    },
    rules: {
      "boundaries/no-unknown-files": "error",
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          message:
            "Imports run one way: {{ from.file.categories.[0] }} must not import {{ to.file.categories.[0] }} (eslint.architecture.mjs).",
          policies,
        },
      ],
    },
  },
  {
    files: PURE,
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { regex: "^(?!\\.|zod$|big\\.js$)", message: "Domains and projections import zod and big.js only." },
          ],
        },
      ],
      "no-restricted-globals": [
        "error",
        "process",
        "fetch",
        "crypto",
        "performance",
        "setTimeout",
        "setInterval",
        "setImmediate",
      ],
      "no-restricted-syntax": [
        "error",
        impure("NewExpression[callee.name='Date'][arguments.length=0]", "The clock is not read here"),
        impure("MemberExpression[object.name='Date'][property.name='now']", "The clock is not read here"),
        impure("MemberExpression[object.name='Math'][property.name='random']", "Randomness is not made here"),
      ],
    },
  },
];
