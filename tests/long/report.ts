import type { Account, Reason } from "./accounting.ts";
import type { ProcessFigures } from "./process-watch.ts";
import type { TimeErrors } from "./time-check.ts";

/** The result of one camera. */
export interface CameraReport {
  camera: string;
  transport: string;
  sessions: number;
  minutes: number;
  faults: number;
  account: Omit<Account, "pairs">;
  times: TimeErrors;
  violations: string[];
}

/** The result of the run; written as JSON. */
export interface SoakReport<Options> {
  options: Options;
  startedAt: string;
  /** When the recorder was asked to stop, µs since the Unix epoch. */
  stoppedUs: number;
  cameras: CameraReport[];
  /** How often each fault was set. */
  faults: Record<string, number>;
  processes: ProcessFigures[];
  /** Violations of the run as a whole. */
  violations: string[];
  passed: boolean;
}

const REASONS: Reason[] = ["spoilt", "before keyframe", "behind garbage", "at a cut", "at our own end"];

/** The report as a table for people. */
export function summarize(report: SoakReport<unknown>): string {
  const head = ["camera", "sent", "found", ...REASONS, "kept spoilt", "doubled", "sessions", "faults"];
  const timeHead = ["time ms: median", "99.9 %", "worst", "violations"];
  const rows = report.cameras.map(({ camera, transport, account, times, sessions, faults, violations }) => [
    transport === "udp" ? `${camera} (UDP)` : camera,
    ...[account.sent, account.found, ...REASONS.map((reason) => account.missing[reason])],
    ...[account.keptSpoilt, account.doubled, sessions, faults, times.medianMs, times.p999Ms, times.worstMs],
    violations.length,
  ]);
  const sums = (rows[0] ?? []).map((_, column) => {
    if (column === 0) return "all";
    const values = rows.map((row) => Number(row[column]));
    const isTime = column >= head.length && column < head.length + timeHead.length - 1;
    return isTime ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0);
  });
  const memory = report.processes.map(({ name, cpuPercent, quartersMb, highestMb, isFlat }) => [
    name,
    cpuPercent,
    ...quartersMb,
    highestMb,
    isFlat === undefined ? "not judged: under 10 minutes" : isFlat ? "flat" : "GROWS",
  ]);
  const all = [
    ...report.violations,
    ...report.cameras.flatMap((one) => one.violations.map((v) => `${one.camera}: ${v}`)),
  ];
  return [
    table([[...head, ...timeHead], ...rows, sums]),
    `faults: ${Object.entries(report.faults)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(", ")}`,
    table([["process", "% of a core", "MB in quarter 1", "2", "3", "4", "highest", ""], ...memory]),
    ...all.map((violation) => `VIOLATION ${violation}`),
    report.passed ? "every frame accounted for" : `${all.length} VIOLATIONS`,
  ].join("\n\n");
}

function table(rows: (string | number)[][]): string {
  const texts = rows.map((row) => row.map(String));
  const widths = (texts[0] ?? []).map((_, column) => Math.max(...texts.map((row) => (row[column] ?? "").length)));
  return texts
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
    )
    .join("\n");
}
