import { collectDefaultMetrics, type Registry } from "prom-client";

/** Of the histogram of event loop delays: its timer wakes a process, which costs an idle service more than all that it does. */
const EVENT_LOOP_PRECISION_MS = 24 * 3600 * 1000;
const HISTOGRAM_FIGURES = ["min", "max", "mean", "stddev", "p50", "p90", "p99"];

/**
 * Registers what prom-client tells of every Node process, but for the figures of a histogram for which it would be woken a
 * hundred times a second. `nodejs_eventloop_lag_seconds`, taken when metrics are asked for, stays.
 */
export function registerDefaultMetrics(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  for (const figure of HISTOGRAM_FIGURES) register.removeSingleMetric(`nodejs_eventloop_lag_${figure}_seconds`);
}
