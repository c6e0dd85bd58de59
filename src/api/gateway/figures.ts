import { type Metrics } from "../../infra/observability";
import { type Gateway } from "./gateway";

const CIRCUITS = ["closed", "open", "half-open"] as const;

/** Offers the gateway's figures to Prometheus. They are read when it asks. */
export function registerFigures(metrics: Metrics, gateway: Gateway): void {
  const { fleet } = gateway;
  const services = (value: (service: (typeof fleet.all)[number]) => number) => () =>
    fleet.all.map((service) => ({ labels: { service: service.name }, value: value(service) }));
  const instances = (value: (instance: (typeof fleet.all)[number]["all"][number]) => number) => () =>
    fleet.all.flatMap(({ name, all }) =>
      all.map((instance) => ({ labels: { service: name, instance: instance.url }, value: value(instance) })),
    );
  const labels = ["service"] as const;
  metrics.gauge({ name: "gateway_requests_under_way", help: "Requests that a service works on.", labels, read: services(({ admission }) => admission.figures.underWay) }); // prettier-ignore
  metrics.gauge({ name: "gateway_requests_waiting", help: "Requests that wait to be sent to a service.", labels, read: services(({ admission }) => admission.figures.waiting) }); // prettier-ignore
  metrics.gauge({ name: "gateway_concurrency_limit", help: "Requests that a service is given at once.", labels, read: services(({ admission }) => admission.figures.limit) }); // prettier-ignore
  metrics.counter({ name: "gateway_shed_total", help: "Requests refused as a service had too much to do.", labels, read: services(({ admission }) => admission.figures.shed) }); // prettier-ignore
  metrics.counter({ name: "gateway_retries_total", help: "Requests that were sent again.", labels, read: services(({ budget }) => budget.spent) }); // prettier-ignore

  const each = ["service", "instance"] as const;
  metrics.gauge({ name: "gateway_instance_ready", help: "Whether an instance says that it is ready.", labels: each, read: instances(({ health, draining }) => (health === "ready" && !draining ? 1 : 0)) }); // prettier-ignore
  metrics.counter({ name: "gateway_instance_requests_total", help: "Requests sent to an instance.", labels: each, read: instances(({ requests }) => requests) }); // prettier-ignore
  metrics.counter({ name: "gateway_instance_failures_total", help: "Requests that an instance failed at.", labels: each, read: instances(({ failures }) => failures) }); // prettier-ignore
  metrics.gauge({
    name: "gateway_circuit",
    help: "The state of an instance's circuit: 1 for the one that it is in.",
    labels: [...each, "state"] as const,
    read: () =>
      fleet.all.flatMap(({ name, all }) =>
        all.flatMap((instance) =>
          CIRCUITS.map((state) => ({
            labels: { service: name, instance: instance.url, state },
            value: instance.circuit(performance.now()) === state ? 1 : 0,
          })),
        ),
      ),
  });

  metrics.counter({
    name: "gateway_cache_total",
    help: "Public reads by what became of them in the gateway's memory.",
    labels: ["outcome"] as const,
    read: () => Object.entries(gateway.reads.figures).map(([outcome, value]) => ({ labels: { outcome }, value })),
  });
  metrics.gauge({ name: "gateway_cache_bytes", help: "Memory of kept answers.", read: () => gateway.reads.kept.bytes });
  metrics.counter({ name: "gateway_rate_limited_total", help: "Requests refused by a limit.", labels: ["policy"] as const, read: () => Object.entries(gateway.limiter.refused).map(([policy, value]) => ({ labels: { policy }, value })) }); // prettier-ignore
}
