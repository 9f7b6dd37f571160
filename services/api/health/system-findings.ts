import { hostname } from "node:os";
import { minuteEndUs } from "../../../shared/time/minute.ts";
import type { WordedFinding } from "./camera-findings.ts";
import type { Observation } from "./observation.ts";

const BEHIND_MS = 10 * 60_000;

/** What is wrong with the services, conversion and the host's clock. */
export function systemFindings(seen: Observation): WordedFinding[] {
  return [
    ...serviceFindings(seen),
    ...configurationFindings(seen),
    ...conversionFindings(seen),
    ...clockFindings(seen),
    ...clockSyncFindings(seen),
  ];
}

function serviceFindings({ services, enabled, reaperMinFreePercent }: Observation): WordedFinding[] {
  if (services === undefined) return [];
  const needed: Record<string, string> = { converter: "minutes are recorded, but not converted" };
  if (enabled.length > 0) needed.recorder = "nothing is recorded";
  if (reaperMinFreePercent !== undefined) needed.reaper = "old footage is not removed and the disk will fill";
  const alive = new Set<string>(services.map(({ service }) => service));
  const missing = Object.entries(needed).filter(([service]) => !alive.has(service));
  return [
    ...missing.map(
      ([service, consequence]): WordedFinding => ({
        id: "service-missing",
        severity: "error",
        subject: service,
        message: `no ${service} runs: ${consequence}`,
        advice: `Start the ${service}, or see in its log why it stopped.`,
      }),
    ),
    ...services.flatMap(({ service, problems }) =>
      problems.map(
        (message): WordedFinding => ({
          id: "service-problem",
          severity: "error",
          subject: service,
          message,
          advice: `See the ${service}'s log.`,
          // Without the numbers: "89 files" and "90 files" are the same problem, continuing.
          detail: message.replace(/[\d.]+/g, "#"),
        }),
      ),
    ),
  ];
}

/** All services read the same file, so that what several report about it is a single finding. */
function configurationFindings({ services = [] }: Observation): WordedFinding[] {
  const reasons = new Set(services.flatMap(({ refusedConfiguration }) => refusedConfiguration ?? []));
  if (reasons.size === 0) return [];
  return [
    {
      id: "configuration-refused",
      severity: "error",
      subject: "configuration",
      message: [...reasons].join("; "),
      advice:
        "Correct the file (./nvr check tells what is wrong with it): what was in force stays in force until then, also when a service is started again.",
    },
  ];
}

function conversionFindings({ backlog, quarantined, footage, nowMs }: Observation): WordedFinding[] {
  const findings: WordedFinding[] = [];
  const failed = backlog?.failed ?? 0;
  if (failed > 0) {
    findings.push({
      id: "conversion-failed",
      severity: "error",
      subject: "conversion",
      message: `conversions that failed for good: ${failed}`,
      advice: "/admin/queues shows why; remove the failed jobs there when they are dealt with.",
      isSettled: true,
    });
  }
  for (const [camera, chunks] of quarantined ?? []) {
    if (chunks === 0) continue;
    findings.push({
      id: "chunk-quarantined",
      severity: "error",
      subject: camera,
      message: `chunks in quarantine, which could not be converted: ${chunks}`,
      advice: "Keep or remove what lies in the camera's quarantine folder; its video can be played as H.264.",
      isSettled: true,
    });
  }
  const oldest = Array.from(footage?.values() ?? [], ({ oldestWaiting }) => oldestWaiting ?? "~").sort()[0] ?? "~";
  const endMs = oldest === "~" ? nowMs : minuteEndUs(oldest) / 1000;
  if (nowMs - endMs > BEHIND_MS) {
    findings.push({
      id: "conversion-behind",
      severity: "warning",
      subject: "conversion",
      since: new Date(endMs).toISOString(),
      message: `minutes wait for their conversion for more than ten minutes: the oldest is ${oldest}`,
      advice: "See whether a converter runs and what its log says; if it is only slow, start a second one.",
    });
  }
  return findings;
}

function clockSyncFindings({ clockSync }: Observation): WordedFinding[] {
  if (clockSync !== "unsynchronized") return [];
  return [
    {
      id: "clock-unsynchronized",
      severity: "warning",
      subject: hostname(),
      message: "NTP does not keep this machine's clock: the times of footage drift away from the true ones",
      advice:
        "Install and start chrony or systemd-timesyncd on this host (for a container: on the one that it runs on), and see " +
        "`timedatectl`. Where something keeps the clock that the kernel does not know of, as a hypervisor may, set health.watchClock to false.",
    },
  ];
}

function clockFindings({ clockStep }: Observation): WordedFinding[] {
  if (clockStep === undefined) return [];
  const seconds = Math.round(Math.abs(clockStep.stepMs) / 100) / 10;
  const direction = clockStep.stepMs > 0 ? "forwards" : "back";
  return [
    {
      id: "clock-stepped",
      severity: "warning",
      subject: hostname(),
      since: clockStep.at,
      message: `the clock was set ${direction} by ${seconds} s within the last hour, or the machine slept`,
      advice: "A clock that NTP keeps is not set in jumps: see `timedatectl` on this host.",
      isSettled: true,
      detail: clockStep.at,
    },
  ];
}
