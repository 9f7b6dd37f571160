import { Counter, Gauge, type Registry } from "prom-client";

/** What the converter counts. */
export class ConverterMetrics {
  readonly minutes: Counter;
  readonly frames: Counter;
  readonly failures: Counter;
  readonly quarantined: Counter;
  readonly backlog: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.minutes = new Counter({ name: "hindsight_converter_minutes_total", help: "Minutes converted", registers });
    this.frames = new Counter({
      name: "hindsight_converter_frames_total",
      help: "Frames in the minutes that were written",
      registers,
    });
    this.failures = new Counter({
      name: "hindsight_converter_failures_total",
      help: "Attempts at a minute that failed",
      registers,
    });
    this.quarantined = new Counter({
      name: "hindsight_converter_quarantined_chunks_total",
      help: "Chunks put in quarantine",
      registers,
    });
    this.backlog = new Gauge({
      name: "hindsight_converter_backlog_chunks",
      help: "Chunks of minutes that are over, as the last sweep found them",
      registers,
    });
  }
}
