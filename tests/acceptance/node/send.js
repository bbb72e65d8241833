// A program that sends traces, metrics and logs with the official JavaScript SDK, as OTLP/JSON, and prints its trace's id.
"use strict";

const api = require("@opentelemetry/api");
const { SeverityNumber } = require("@opentelemetry/api-logs");
const { OTLPLogExporter } = require("@opentelemetry/exporter-logs-otlp-http");
const { OTLPMetricExporter } = require("@opentelemetry/exporter-metrics-otlp-http");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { LoggerProvider, SimpleLogRecordProcessor } = require("@opentelemetry/sdk-logs");
const {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
} = require("@opentelemetry/sdk-metrics");
const { BasicTracerProvider, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-base");

const [base, compression] = process.argv.slice(2);
const where = (path) => ({ url: `${base}/v1/${path}`, compression });
const resource = resourceFromAttributes({ "service.name": `node-${compression}` });

async function main() {
  const tracers = new BasicTracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter(where("traces")))],
  });
  const tracer = tracers.getTracer("acceptance", "1.0");
  const parent = tracer.startSpan("parent", {
    kind: api.SpanKind.SERVER,
    attributes: { text: "grüße", yes: true, count: -3, ratio: 0.5, list: ["a", "b"], large: 2 ** 53 - 1 },
  });
  const within = api.trace.setSpan(api.ROOT_CONTEXT, parent);
  const child = tracer.startSpan("child", { links: [{ context: parent.spanContext(), attributes: { why: "test" } }] }, within);
  child.addEvent("half way", { step: 2 });
  child.setStatus({ code: api.SpanStatusCode.ERROR, message: "failed" });
  child.end();
  parent.end();

  const loggers = new LoggerProvider({
    resource,
    processors: [new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter(where("logs")) })],
  });
  const logger = loggers.getLogger("acceptance");
  logger.emit({ severityNumber: SeverityNumber.WARN, severityText: "WARN", body: "card 4711 declined", context: within });
  logger.emit({
    severityNumber: SeverityNumber.INFO,
    eventName: "cart.emptied",
    body: { items: [1, 2.5, "three"], nested: { deep: null, yes: false } },
    attributes: { map: { in: 1 }, bytes: new Uint8Array([0, 255]) },
  });
  logger.emit({ severityNumber: SeverityNumber.DEBUG, body: `cut in the middle of ${"\u{1f600}".slice(0, 1)}` });

  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ ...where("metrics"), temporalityPreference: AggregationTemporality.DELTA }),
        exportIntervalMillis: 3_600_000,
      }),
    ],
    views: [{ instrumentName: "exponential.size", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = meters.getMeter("acceptance");
  const requests = meter.createCounter("requests");
  const durations = meter.createHistogram("duration", { unit: "s", advice: { explicitBucketBoundaries: [0.1, 1] } });
  for (let sent = 0; sent < 2; sent++) {
    requests.add(3);
    durations.record(0.5);
    await meters.forceFlush();
  }
  meter.createGauge("temperature", { unit: "Cel" }).record(21.5);
  meter.createHistogram("exponential.size", { unit: "By" }).record(100);
  for (const provider of [tracers, loggers, meters]) await provider.shutdown();
  console.log(parent.spanContext().traceId);
}

main();
