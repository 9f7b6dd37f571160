import { collectDefaultMetrics, type Registry } from "prom-client";

/**
 * Resolution of the histogram of event loop delays. A whole day, because its timer wakes the process, which would cost
 * an idle service more than everything else it does.
 */
const EVENT_LOOP_PRECISION_MS = 24 * 3600 * 1000;
const HISTOGRAM_FIGURES = ["min", "max", "mean", "stddev", "p50", "p90", "p99"];

/**
 * Registers the default metrics of prom-client, except those from a histogram that would wake the process a hundred
 * times a second. `nodejs_eventloop_lag_seconds`, measured when metrics are requested, is kept.
 */
export function registerDefaultMetrics(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  for (const figure of HISTOGRAM_FIGURES) register.removeSingleMetric(`nodejs_eventloop_lag_${figure}_seconds`);
}
