import { writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";

/*
 * Makes the dashboards in dashboards/*.json from what is said here: `node deploy/monitoring/grafana/dashboards.mjs`.
 * Change them here, not there.
 */

const REQUESTS = 'route!~"/health.*|/metrics|/internal/.*"';
const ENDING = 'route!~"/health.*|/metrics|/internal/.*|.*/live|.*/changes"';

/** How often carts or orders took a step within a time. */
const steps = (what, step, time) => `sum(increase(step:millrace_${what}_steps:total{step=~"${step}"}[${time}]))`;

/** A graph over time. Each query is [expression, legend]. */
const graph = (title, description, unit, ...queries) => ({ type: "timeseries", title, description, unit, queries });
/** One number, with what it is from when on something is wrong. */
const number = (title, description, unit, query, bad) => ({
  type: "stat",
  title,
  description,
  unit,
  queries: [[query, ""]],
  bad,
});
const table = (title, description, unit, ...queries) => ({ type: "table", title, description, unit, queries });

const dashboards = {
  shop: {
    title: "Millrace: shop",
    description: "What shoppers and the back office notice.",
    rows: [
      [
        number(
          "Requests",
          "A second, from the whole of the shop. Where there is a gateway, only it is counted.",
          "reqps",
          `sum(job:http_requests:rate5m{job="gateway"}) or sum(job:http_requests:rate5m)`,
        ),
        number(
          "Failed",
          "Share of requests answered with 5xx in the last five minutes.",
          "percentunit",
          `sum(job:http_errors:rate5m) / sum(job:http_requests:rate5m)`,
          0.001,
        ),
        number("Orders", "Confirmed in the last hour.", "short", steps("order", "confirmed", "1h")),
        number("Carts", "Opened in the last hour.", "short", steps("cart", "opened", "1h")),
        number(
          "Alerts",
          "Firing now.",
          "short",
          `count(ALERTS{alertstate="firing",alertname=~"Millrace.*"}) or vector(0)`,
          1,
        ),
      ],
      [
        graph("Revenue", "Of confirmed and imported orders in the last 24 hours, less cancellations.", "short", [
          `delta(currency:millrace_revenue:max[24h])`,
          "{{currency}}",
        ]),
        graph(
          "Orders by state",
          "On the way, now: placed waits for stock and payment, confirmed to be shipped.",
          "short",
          [`max by (state) (millrace_orders{state=~"placed|confirmed"})`, "{{state}}"],
        ),
        graph(
          "Carts abandoned",
          "Open and untouched for CART_ABANDONED_AFTER, now; and given up by their shoppers in the last 24 hours.",
          "short",
          [`max(millrace_carts_abandoned)`, "untouched"],
          [steps("cart", "given-up", "24h"), "given up"],
        ),
      ],
      [
        graph(
          "From cart to order",
          "An hour: where shoppers stop.",
          "short",
          [steps("cart", "opened", "1h"), "carts opened"],
          [steps("cart", "checked-out", "1h"), "checked out"],
          [steps("order", "placed", "1h"), "orders placed"],
          [steps("order", "confirmed", "1h"), "confirmed"],
          [steps("order", "cancelled-.*", "1h"), "cancelled"],
        ),
        graph(
          "Refused checkouts",
          "A minute, by status: 409 is changed prices or missing stock, 422 something that the shopper left out.",
          "short",
          [
            `60 * sum by (status) (rate(http_request_duration_seconds_count{job!="gateway",route="/store/v1/carts/:cartId/checkout",status=~"[45].."}[5m]))`,
            "{{status}}",
          ],
        ),
      ],
      [
        graph(
          "Time of what shoppers wait for",
          "95 in 100 are faster.",
          "s",
          ...[
            ["/store/v1/products", "GET", "product list"],
            ["/store/v1/products/:idOrSlug", "GET", "product"],
            ["/store/v1/carts/:cartId/items", "POST", "add to cart"],
            ["/store/v1/carts/:cartId/checkout", "POST", "checkout"],
          ].map(([route, method, legend]) => [
            `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job!="gateway",route="${route}",method="${method}"}[5m])))`,
            legend,
          ]),
        ),
        graph(
          "Commands",
          "A second: given, refused by a rule, and answered with what they did the first time.",
          "ops",
          [`sum(rate(millrace_commands_total[5m]))`, "commands"],
          [`sum(rate(millrace_command_refusals_total[5m]))`, "refused"],
          [`sum(rate(millrace_command_repeats_total[5m]))`, "repeats"],
        ),
      ],
      [
        graph("Payment providers", "Calls a minute, by what was asked and what came of it.", "short", [
          `60 * sum by (provider, operation, outcome) (rate(millrace_payment_provider_duration_seconds_count[5m]))`,
          "{{provider}} {{operation}} {{outcome}}",
        ]),
        graph("Time of payment providers", "95 in 100 calls are faster.", "s", [
          `histogram_quantile(0.95, sum by (provider, operation, le) (rate(millrace_payment_provider_duration_seconds_bucket[5m])))`,
          "{{provider}} {{operation}}",
        ]),
      ],
    ],
  },
  services: {
    title: "Millrace: services",
    description: "Each service's requests, errors and time, the gateway in front of them, and the processes.",
    rows: [
      [
        graph("Instances", "That Prometheus reaches.", "short", [
          `sum by (job) (up{job=~"millrace|gateway|reference|catalog|pricing|inventory|cart|ordering|payment|storefront|privacy|analytics|operations|work-.*"})`,
          "{{job}}",
        ]),
        graph("Requests", "A second.", "reqps", [`job:http_requests:rate5m`, "{{job}}"]),
        graph("Failed requests", "Share answered with 5xx.", "percentunit", [`job:http_error_ratio:rate5m`, "{{job}}"]),
      ],
      [
        graph(
          "Time of reads",
          "Half of them and 99 in 100 are faster.",
          "s",
          [
            `histogram_quantile(0.5, sum by (job, le) (rate(http_request_duration_seconds_bucket{${ENDING},method="GET"}[5m])))`,
            "{{job}} half",
          ],
          [`job_method:http_duration_seconds:p99_5m{method="GET"}`, "{{job}} 99%"],
        ),
        graph("Time of commands", "99 in 100 are faster.", "s", [
          `job_method:http_duration_seconds:p99_5m{method!="GET"}`,
          "{{job}} {{method}}",
        ]),
        table("Busiest routes", "Requests a second in the last five minutes.", "reqps", [
          `topk(15, sum by (job, method, route) (rate(http_request_duration_seconds_count{${REQUESTS}}[5m])))`,
          "",
        ]),
      ],
      [
        graph("Ready instances", "As the gateway sees them.", "short", [
          `sum by (service) (millrace_gateway_instance_ready)`,
          "{{service}}",
        ]),
        graph(
          "Under way and waiting",
          "Requests at the gateway, and how many a service is given at once.",
          "short",
          [`sum by (service) (millrace_gateway_requests_under_way)`, "{{service}} under way"],
          [`sum by (service) (millrace_gateway_requests_waiting)`, "{{service}} waiting"],
          [`sum by (service) (millrace_gateway_concurrency_limit)`, "{{service}} limit"],
        ),
        graph(
          "Turned away, sent again",
          "A second.",
          "reqps",
          [`sum by (service) (rate(millrace_gateway_shed_total[5m]))`, "{{service}} shed"],
          [`sum by (service) (rate(millrace_gateway_retries_total[5m]))`, "{{service}} retried"],
          [`sum by (policy) (rate(millrace_gateway_rate_limited_total[5m]))`, "limited by {{policy}}"],
        ),
      ],
      [
        graph(
          "Circuits that are not closed",
          "1 while the gateway sends an instance nothing, or only tries it.",
          "short",
          [
            `max by (service, exported_instance, state) (millrace_gateway_circuit{state!="closed"})`,
            "{{service}} {{exported_instance}} {{state}}",
          ],
        ),
        graph("Failures by instance", "A second.", "reqps", [
          `sum by (service, exported_instance) (rate(millrace_gateway_instance_failures_total[5m]))`,
          "{{service}} {{exported_instance}}",
        ]),
        graph("Kept answers", "Public reads a second by what became of them, and the memory that they take.", "reqps", [
          `sum by (outcome) (rate(millrace_gateway_cache_total[5m]))`,
          "{{outcome}}",
        ]),
        graph("Memory of kept answers", "By gateway.", "bytes", [`millrace_gateway_cache_bytes`, "{{instance}}"]),
      ],
      [
        graph("Processor", "Cores in use.", "short", [
          `sum by (job, instance) (rate(process_cpu_seconds_total{job=~"millrace|gateway|reference|catalog|pricing|inventory|cart|ordering|payment|storefront|privacy|analytics|operations|work-.*"}[5m]))`,
          "{{job}} {{instance}}",
        ]),
        graph(
          "Memory",
          "Of the whole process, and of the heap.",
          "bytes",
          [
            `process_resident_memory_bytes{job=~"millrace|gateway|reference|catalog|pricing|inventory|cart|ordering|payment|storefront|privacy|analytics|operations|work-.*"}`,
            "{{job}} {{instance}}",
          ],
          [`nodejs_heap_size_used_bytes`, "{{job}} {{instance}} heap"],
        ),
        graph("Delay of the event loop", "99 in 100 turns come sooner.", "s", [
          `nodejs_eventloop_lag_p99_seconds`,
          "{{job}} {{instance}}",
        ]),
        graph("Garbage collection", "Share of time.", "percentunit", [
          `sum by (job, instance) (rate(nodejs_gc_duration_seconds_sum[5m]))`,
          "{{job}} {{instance}}",
        ]),
      ],
    ],
  },
  projections: {
    title: "Millrace: projections",
    description: "How far read models, feeds, processes and reactions follow the log.",
    rows: [
      [
        number(
          "Stopped",
          "At an event that they cannot handle.",
          "short",
          `sum(max by (context, name) (millrace_projection_state{state="failed"})) or vector(0)`,
          1,
        ),
        number(
          "Furthest behind",
          "Bytes of the log that a read model has not taken in.",
          "bytes",
          `max(context_name:millrace_read_model_behind:bytes)`,
        ),
        number("Oldest", "Age of the oldest event not yet handled.", "s", `max(millrace_projection_lag_seconds)`, 30),
        number("Stuck", "Processes that wait for an operator.", "short", `sum(max by (context, name) (millrace_processes_stuck))`, 1), // prettier-ignore
        number("Overdue", "Timers that nobody has heeded.", "short", `sum(max by (context, name) (millrace_timers_overdue))`, 1), // prettier-ignore
        number("Rebuilds", "Under way.", "short", `count(millrace_projection_rebuild_progress) or vector(0)`),
      ],
      [
        graph("Behind, in bytes of the log", "Read models and feeds, as any process of the shop sees them.", "bytes", [
          `context_name:millrace_read_model_behind:bytes`,
          "{{context}}.{{name}}",
        ]),
        graph("Behind, in seconds", "As the process that does the work says.", "s", [
          `max by (context, name) (millrace_projection_lag_seconds)`,
          "{{context}}.{{name}}",
        ]),
        graph("Behind, in events", "As the process that does the work says.", "short", [
          `max by (context, name) (millrace_projection_lag_events)`,
          "{{context}}.{{name}}",
        ]),
      ],
      [
        graph("Speed", "Bytes of the log a second.", "Bps", [
          `max by (context, name) (rate(millrace_projection_position{kind=~"projection|feed"}[5m]))`,
          "{{context}}.{{name}}",
        ]),
        graph("Rebuilds", "Share of the log that has been read.", "percentunit", [
          `max by (context, name) (millrace_projection_rebuild_progress)`,
          "{{context}}.{{name}}",
        ]),
        graph("Leases held", "What each process works on, in number: how evenly the work is shared out.", "short", [
          `sum by (job, instance) (millrace_leases_held)`,
          "{{job}} {{instance}}",
        ]),
        table("States", "How many processes are in which. `waiting`: another process does the work.", "short", [
          `sum by (context, name, kind, state) (millrace_projection_state) > 0`,
          "",
        ]),
      ],
    ],
  },
  stores: {
    title: "Millrace: stores",
    description: "EventStoreDB and MongoDB as the shop's processes see them; their own exporters say more.",
    rows: [
      [
        number(
          "Without the log",
          "Processes that have no connection to EventStoreDB.",
          "short",
          `count(millrace_log_connected == 0) or vector(0)`,
          1,
        ),
        number("Log", "Newest position that anybody has seen.", "bytes", `max(millrace_log_position)`),
        number(
          "Growth",
          "Bytes of log a day, at the pace of the last hour.",
          "bytes",
          `max(rate(millrace_log_position[1h])) * 86400`,
        ),
        number(
          "Not ready",
          "Answers of /health/ready a second that say no: a store does not answer, or a process stops.",
          "reqps",
          `sum(rate(http_request_duration_seconds_count{route="/health/ready",status="503"}[5m])) or vector(0)`,
        ),
      ],
      [
        graph(
          "Appends",
          "A second, and the events in them.",
          "ops",
          [`sum by (job) (rate(millrace_appends_total[5m]))`, "{{job}} appends"],
          [`sum by (job) (rate(millrace_appended_events_total[5m]))`, "{{job}} events"],
        ),
        graph("Lost races", "Appends a second that another writer was faster than, and that were tried again.", "ops", [
          `sum by (job) (rate(millrace_append_conflicts_total[5m]))`,
          "{{job}}",
        ]),
        graph("Commands in one append", "Appends a second, by how many commands they carried out together.", "ops", [
          `sum by (commands) (rate(millrace_append_batches_total[5m]))`,
          "{{commands}}",
        ]),
      ],
      [
        graph(
          "Time of appends",
          "To EventStoreDB: half of them and 99 in 100 are faster.",
          "s",
          ...[0.5, 0.99].map((share) => [
            `histogram_quantile(${share}, sum by (job, le) (rate(millrace_append_duration_seconds_bucket[5m])))`,
            `{{job}} ${share * 100}%`,
          ]),
        ),
        graph("Time of MongoDB", "95 in 100 commands of a kind are faster.", "s", [
          `histogram_quantile(0.95, sum by (operation, le) (rate(millrace_mongo_command_duration_seconds_bucket{operation!="getMore"}[5m])))`,
          "{{operation}}",
        ]),
        graph(
          "Commands to MongoDB",
          "A second, by kind; failed ones apart. A lost race between transactions is a failed command.",
          "ops",
          [
            `sum by (operation) (rate(millrace_mongo_command_duration_seconds_count{outcome="done"}[5m]))`,
            "{{operation}}",
          ],
          [
            `sum by (operation) (rate(millrace_mongo_command_duration_seconds_count{outcome="failed"}[5m]))`,
            "{{operation}} failed",
          ],
        ),
      ],
      [
        graph("Streams read from their beginning", "A second, as they were not in memory.", "ops", [
          `sum by (job) (rate(millrace_aggregate_loads_total[5m]))`,
          "{{job}}",
        ]),
        graph("Connections lost", "To EventStoreDB, in a quarter of an hour.", "short", [
          `increase(millrace_log_reconnects_total[15m])`,
          "{{job}} {{instance}}",
        ]),
        graph("Newest position seen", "By process: one that is left behind has lost the log.", "bytes", [
          `millrace_log_position`,
          "{{job}} {{instance}}",
        ]),
      ],
    ],
  },
};

const WIDTH = 24;
const HEIGHT = { stat: 4, timeseries: 8, table: 8 };

function panelOf({ type, title, description, unit, queries, bad }, id, gridPos) {
  return {
    id,
    type,
    title,
    description,
    gridPos,
    datasource: { type: "prometheus", uid: "${datasource}" },
    fieldConfig: {
      defaults: {
        unit,
        min: type === "timeseries" ? 0 : undefined,
        thresholds: {
          mode: "absolute",
          steps: [{ color: "green", value: null }, ...(bad === undefined ? [] : [{ color: "red", value: bad }])],
        },
      },
      overrides: [],
    },
    options:
      type === "timeseries"
        ? { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } }
        : type === "stat"
          ? { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: bad === undefined ? "none" : "value" }
          : { showHeader: true },
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode(65 + index),
      expr,
      legendFormat,
      ...(type === "table" && { instant: true, format: "table" }),
    })),
    ...(type === "table" && {
      transformations: [{ id: "organize", options: { excludeByName: { Time: true } } }],
    }),
  };
}

function dashboardOf(name, { title, description, rows }) {
  let id = 0;
  let y = 0;
  const panels = rows.flatMap((row) => {
    const w = Math.floor(WIDTH / row.length);
    const h = Math.max(...row.map(({ type }) => HEIGHT[type]));
    const placed = row.map((panel, index) => panelOf(panel, ++id, { x: index * w, y, w, h }));
    y += h;
    return placed;
  });
  return {
    uid: `millrace-${name}`,
    title,
    description,
    tags: ["millrace"],
    schemaVersion: 39,
    editable: false,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus" }] },
    annotations: {
      list: [
        {
          name: "Alerts",
          datasource: { type: "prometheus", uid: "${datasource}" },
          enable: true,
          iconColor: "red",
          expr: 'ALERTS{alertstate="firing",alertname=~"Millrace.*"}',
          titleFormat: "{{alertname}}",
        },
      ],
    },
    links: [{ type: "dashboards", tags: ["millrace"], title: "Millrace", asDropdown: true, keepTime: true }],
    panels,
  };
}

const folder = `${import.meta.dirname}/dashboards`;
const style = await resolveConfig(`${folder}/shop.json`);
for (const [name, dashboard] of Object.entries(dashboards))
  writeFileSync(
    `${folder}/${name}.json`,
    await format(JSON.stringify(dashboardOf(name, dashboard)), { ...style, parser: "json" }),
  );
