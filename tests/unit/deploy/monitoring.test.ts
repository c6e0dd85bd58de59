import { type Gateway } from "../../../src/api/gateway";
import { registerFigures as registerGatewayFigures } from "../../../src/api/gateway/figures";
import { type BusinessEngine, type OperatedEngine, registerBusinessFigures } from "../../../src/api/operations";
import { registerFigures } from "../../../src/api/operations/figures";
import { registerTrailFigures } from "../../../src/engine/audit-trail";
import { CONTEXTS } from "../../../src/engine/contexts";
import { describedRoutes } from "../../../src/engine/routes";
import { Metrics, timingsOf } from "../../../src/infra/observability";
import { composeProcesses, documentOf, filesIn, textOf } from "./files";

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}
interface RuleTests {
  readonly tests: readonly {
    readonly input_series: readonly { readonly series: string }[];
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
}
interface Scraping {
  readonly scrape_configs: readonly { readonly dns_sd_configs: readonly { readonly names: readonly string[] }[] }[];
}
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

const rules = documentOf<Rules>("deploy/monitoring/alerts.yml").groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);
const dashboards = filesIn("deploy/monitoring/grafana/dashboards", ".json");

/** Of Prometheus itself. */
const OF_PROMETHEUS = ["up", "ALERTS"];
/** What Prometheus adds to every figure, and what it makes of a label of ours that is called like one of those. */
const OF_EVERY_FIGURE = ["job", "instance", "exported_instance"];

/** Every figure that a process of the shop or a gateway offers, with its labels. */
function figures(): ReadonlyMap<string, ReadonlySet<string>> {
  const metrics = new Metrics();
  timingsOf(metrics);
  registerBusinessFigures(metrics, {} as BusinessEngine, 1);
  registerTrailFigures(metrics, { figures: { events: 0, failures: 0, lost: 0 }, pending: 0 });
  registerFigures(metrics, { commands: { figures: { batches: [] } }, tail: {} } as unknown as OperatedEngine);
  registerGatewayFigures(metrics, { fleet: { all: [] } } as unknown as Gateway);
  const found = new Map<string, ReadonlySet<string>>();
  for (const { name, type, labelNames = [] } of metrics.registry.getMetricsAsArray() as unknown as readonly {
    readonly name: string;
    readonly type: string;
    readonly labelNames?: readonly string[];
  }[]) {
    const labels = new Set([...labelNames, ...OF_EVERY_FIGURE]);
    if (type !== "histogram") found.set(name, labels);
    else for (const part of ["sum", "count", "bucket"]) found.set(`${name}_${part}`, new Set([...labels, "le"]));
  }
  for (const name of OF_PROMETHEUS) found.set(name, new Set([...OF_EVERY_FIGURE, "alertname", "alertstate"]));
  for (const { record } of rules)
    if (record) found.set(record, new Set(["job", "method", "context", "name", "step", "currency"]));
  return found;
}

/** The words of a query that are neither its functions nor its labels nor its texts, and what is asked of their labels. */
function metricsIn(expr: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\b(?:by|on|without|ignoring)\s*\([^)]*\)/g, " ")
    .replace(/\[[^\]]*\]/g, " ")
    .replace(/\b\d[\d.]*(?:e\d+)?\b/g, " ");
  return [...bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(\(|\{[^}]*\})?/g)].flatMap(([, name = "", after = ""]) => {
    if (after === "(" || ["and", "or", "unless", "bool", "offset"].includes(name)) return [];
    return [{ name, labels: [...after.matchAll(/(\w+)\s*[=!]/g)].map(([, label = ""]) => label) }];
  });
}

/** `name(` with space between, as after `by (…)` was taken out, is a function too. */
const FUNCTIONS = new Set(["sum", "max", "min", "count", "avg", "topk"]);

function unknownIn(expr: string, known: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  return metricsIn(expr).flatMap(({ name, labels }) => {
    if (FUNCTIONS.has(name)) return [];
    const has = known.get(name);
    return has === undefined ? [name] : labels.filter((label) => !has.has(label)).map((label) => `${name}{${label}}`);
  });
}

describe("monitoring", () => {
  const known = figures();
  const queries = dashboards.flatMap((file) =>
    documentOf<Dashboard>(file).panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => [`${file.replace(/.*\//, "")}: ${title}`, expr] as const),
    ),
  );

  test("a figure that there is not is found", () => {
    expect(unknownIn('sum by (x) (rate(millrace_nothing{job="a"}[5m])) > 1', known)).toEqual(["millrace_nothing"]);
    expect(unknownIn('max(millrace_log_position{colour="red",job="a"})', known)).toEqual([
      "millrace_log_position{colour}",
    ]);
  });

  test.each(rules.map(({ alert, record, expr }) => [alert ?? record ?? "", expr] as const))(
    "%s asks for figures that there are",
    (_name, expr) => expect(unknownIn(expr, known)).toEqual([]),
  );

  test.each(queries)("%s asks for figures that there are", (_name, expr) => expect(unknownIn(expr, known)).toEqual([]));

  test("routes that are asked for are there", () => {
    const routes = new Set(
      Object.values(describedRoutes())
        .flat()
        .map(({ path }) => path),
    );
    const asked = [...queries.map(([, expr]) => expr), ...rules.map(({ expr }) => expr)].flatMap((expr) =>
      [...expr.matchAll(/route="([^"]+)"/g)].map(([, route = ""]) => route),
    );
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((route) => !routes.has(route))).toEqual([]);
  });

  test("there is a dashboard each for shop, services, projections and stores", () => {
    expect(dashboards.map((file) => documentOf<Dashboard>(file).uid)).toEqual([
      "millrace-projections",
      "millrace-services",
      "millrace-shop",
      "millrace-stores",
    ]);
  });

  test("the services whose figures are asked for are those that there are", () => {
    const services = ["millrace", "gateway", ...CONTEXTS, "work-.*"].join("|");
    const lists = rules.flatMap(({ expr }) => [...expr.matchAll(/job=~"([^"]+)"/g)].map(([, list]) => list));
    expect(new Set(lists)).toEqual(new Set([services]));
    const config = documentOf<Scraping>("deploy/monitoring/prometheus.yml");
    const fleet = [...composeProcesses()].filter(([, { profiles, command = [] }]) => profiles.includes("services") && command.length > 0); // prettier-ignore
    expect(config.scrape_configs.flatMap((job) => job.dns_sd_configs.flatMap(({ names }) => names))).toEqual(
      fleet.map(([name]) => name),
    );
  });

  describe("alerts", () => {
    const sections = [...textOf("docs/runbook.md").matchAll(/^### (\w+)$/gm)].map(([, name]) => name);

    test("each has its section in the runbook, and each section its alert", () => {
      expect(alerts.map(({ alert }) => alert)).toEqual(sections);
    });

    test.each(alerts.map((rule) => [rule.alert ?? "", rule] as const))(
      "%s says what is wrong and where help is",
      (name, rule) => {
        expect(rule.labels?.["severity"]).toMatch(/^(?:page|ticket)$/);
        expect(rule.annotations).toEqual({
          summary: expect.any(String),
          description: expect.stringMatching(/\.$/),
          runbook: `docs/runbook.md#${name.toLowerCase()}`,
        });
      },
    );

    const tests = documentOf<RuleTests>("deploy/monitoring/alerts.test.yml").tests;

    test("each is seen to fire in a test", () => {
      const fired = tests.flatMap(({ alert_rule_test = [] }) =>
        alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
      );
      expect(new Set(fired)).toEqual(new Set(alerts.map(({ alert }) => alert)));
    });

    test("the tests feed them figures that there are", () => {
      const series = tests.flatMap(({ input_series }) => input_series.map((each) => each.series));
      expect(series.flatMap((each) => unknownIn(each, known))).toEqual([]);
    });
  });

  test("docs/monitoring.md lists each figure of ours, and none that there is not", () => {
    const ours = [...known.keys()].filter((name) => /^(?:millrace_|http_)/.test(name));
    const names = new Set(ours.map((name) => name.replace(/_(?:sum|count|bucket)$/, "")));
    const listed = [...textOf("docs/monitoring.md").matchAll(/^\| `((?:millrace_|http_)\w+)`/gm)].map(
      ([, name]) => name,
    );
    expect(listed.toSorted()).toEqual([...names].toSorted());
  });

  test("anchors in the runbook lead somewhere", () => {
    const text = textOf("docs/runbook.md");
    const anchors = new Set(
      [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title.toLowerCase().replaceAll(" ", "-")),
    );
    const links = [...text.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor = ""]) => anchor);
    expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([]);
  });
});
