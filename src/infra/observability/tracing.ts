import { hostname } from "node:os";
import {
  type Attributes,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-node";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions";

export interface TracingOptions {
  /** Address of a collector that takes OTLP over HTTP: `http://collector:4318`. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly version?: string;
  /** Share of the traces begun here that are kept, 0 to 1; those begun elsewhere are kept as their beginner says. */
  readonly ratio: number;
}

export interface Tracing {
  /** Sends what has not been sent yet. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export type TracedKind = "server" | "client" | "internal" | "producer" | "consumer";

const KINDS: Readonly<Record<TracedKind, SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** Links of one span at most: a batch may hold thousands of events. */
const MOST_LINKS = 64;

/** One for the process, as there is one collector; `undefined` while nothing is traced, and then nothing is made. */
let tracer: Tracer | undefined;

/** Whether spans are made at all: what only serves them need not be done otherwise. */
export const isTracing = (): boolean => tracer !== undefined;

/** Sends spans to a collector from now on. @throws when this process does already */
export function startTracing({ endpoint, serviceName, version, ratio }: TracingOptions): Tracing {
  if (tracer !== undefined) throw new Error("this process sends its traces already");
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  const processor = new BatchSpanProcessor(new OTLPTraceExporter({ url }), { scheduledDelayMillis: 1_000 });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      [ATTR_SERVICE_NAME]: serviceName,
      "service.instance.id": `${hostname()}:${process.pid}`,
      ...(version !== undefined && { [ATTR_SERVICE_VERSION]: version }),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [processor],
  });
  tracer = provider.getTracer("millrace");
  return {
    // A collector that is away is no reason to fail.
    flush: () => processor.forceFlush().catch(() => undefined),
    async stop() {
      tracer = undefined;
      await provider.shutdown().catch(() => undefined);
    },
  };
}

/** A piece of work as a collector sees it. */
export class TracedSpan {
  constructor(private readonly span: Span) {}

  /** Its W3C trace context, for what happens because of it. */
  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.span.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  }

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  set(attributes: Attributes): void {
    this.span.setAttributes(attributes);
  }

  /** It is over; with what went wrong, if anything did. Texts of errors may quote what people wrote: only kinds are told. */
  end(error?: unknown): void {
    if (error !== undefined)
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : "Error" });
    this.span.end();
  }
}

/**
 * Begins a span; `undefined` while nothing is traced.
 * @param parent W3C trace context of what led to this, if known
 * @param links trace contexts of what else did
 */
export function beginSpan(
  name: string,
  kind: TracedKind,
  parent: string | undefined,
  attributes?: Attributes,
  links?: readonly string[],
): TracedSpan | undefined {
  if (tracer === undefined) return undefined;
  const above = parent === undefined ? undefined : spanContextOf(parent);
  const context = above === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, above);
  const options = {
    kind: KINDS[kind],
    ...(attributes && { attributes }),
    ...(links && links.length > 0 && { links: links.slice(0, MOST_LINKS).flatMap(linkOf) }),
  };
  return new TracedSpan(tracer.startSpan(name, options, context));
}

/** Does the work within the span, if there is one. */
export async function within<T>(span: TracedSpan | undefined, work: () => Promise<T>): Promise<T> {
  if (span === undefined) return work();
  try {
    const result = await work();
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

/**
 * A span over a batch: the child of what led to it where that is one trace; else a trace of its own that links to all.
 */
export function beginBatchSpan(
  name: string,
  kind: TracedKind,
  parents: readonly (string | undefined)[],
  attributes: Attributes,
): TracedSpan | undefined {
  if (tracer === undefined) return undefined;
  const known = [...new Set(parents.filter((each) => each !== undefined))];
  const traces = new Set(known.map((each) => each.slice(3, 35)));
  const [first] = known;
  // Where all that led to it belongs to one trace, so does it.
  if (traces.size === 1 && first !== undefined) return beginSpan(name, kind, first, attributes, known.slice(1));
  return beginSpan(name, kind, undefined, attributes, known);
}

const linkOf = (traceparent: string): Link[] => {
  const context = spanContextOf(traceparent);
  return context === undefined ? [] : [{ context }];
};

const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

function spanContextOf(traceparent: string): SpanContext | undefined {
  const [, traceId = "", spanId = "", flags = ""] = TRACEPARENT.exec(traceparent) ?? [];
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}
