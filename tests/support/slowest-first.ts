import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Approximate durations of the slow files, s. Inaccurate values only cost a few seconds. */
const SECONDS: Readonly<Record<string, number>> = {
  "services/api/page/accessible.browser.test.ts": 45,
  "services/api/page/late-answers.browser.test.ts": 90,
  "services/api/page/page.browser.test.ts": 80,
  "services/api/page/take-away.browser.test.ts": 60,
  "services/api/page/timeline.browser.test.ts": 95,
  "services/api/page/white-box.browser.test.ts": 20,
  "services/converter/converter.test.ts": 80,
  "shared/conversion/minute-converter.test.ts": 14,
  "shared/conversion/minute-merge.test.ts": 14,
  "shared/conversion/preview-batcher.test.ts": 19,
  "services/api/health/health-watch.test.ts": 30,
  "services/api/openapi/bad-input.test.ts": 20,
  "services/reaper/reaper.test.ts": 22,
  "services/recorder/clock/capture-clock.test.ts": 15,
  "tests/fuzz/fuzz.test.ts": 20,
  "shared/codec/h264/sps.test.ts": 15,
  "shared/health/health-store.test.ts": 11,
  "shared/mp4/cut-short.test.ts": 15,
  "shared/service/run-service.test.ts": 15,
  "tests/e2e/check.test.ts": 30,
  "tests/e2e/clock.test.ts": 45,
  "tests/e2e/live.test.ts": 110,
  "tests/e2e/neighbours.test.ts": 25,
  "tests/e2e/range-day.test.ts": 50,
  "tests/e2e/range-load.test.ts": 50,
  "tests/e2e/range.test.ts": 27,
  "tests/e2e/reconfigure.test.ts": 20,
  "tests/e2e/recording.test.ts": 110,
  "tests/e2e/streams.test.ts": 32,
  "tests/e2e/udp.test.ts": 26,
  "tests/e2e/up.test.ts": 19,
  "tests/faults/disk-faults.test.ts": 24,
  "tests/faults/disk-free-up.test.ts": 18,
  "tests/faults/disk-full.test.ts": 60,
  "tests/faults/hung-disk.test.ts": 28,
  "tests/faults/kills.test.ts": 90,
  "tests/faults/power-loss.test.ts": 90,
  "tests/faults/redis.test.ts": 140,
  "tests/faults/replicas.test.ts": 80,
  "tests/house/house.test.ts": 30,
  "tools/camera-simulator/simulator.test.ts": 23,
};
const USUAL_SECONDS = 1.5;
/** These tests mostly wait for minutes to end and faults to be reported; others mostly compute. */
const WAITING = /^tests\/(e2e|faults)\//;

/**
 * Orders the files of a group so that no worker still runs a long one at the end: the slowest first, and those that
 * wait spread evenly among those that compute. (Vitest itself orders by earlier durations, which CI does not have.)
 */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const groups = new Map<string, TestSpecification[]>();
    for (const file of files) {
      const { name, config } = file.project;
      // Files that share processes are kept together, because the processes would otherwise end in between; and last,
      // because they are short.
      const group = `${config.sequence.groupOrder} ${config.isolate ? "" : name}`;
      groups.set(group, [...(groups.get(group) ?? []), file]);
    }
    return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, group]) => spread(group));
  }
}

function spread(files: readonly TestSpecification[]): TestSpecification[] {
  const slowestFirst = files
    .map((file) => {
      const name = relative(file.project.config.root, file.moduleId);
      return { file, isWaiting: WAITING.test(name), seconds: SECONDS[name] ?? USUAL_SECONDS };
    })
    .sort((a, b) => b.seconds - a.seconds);
  return [true, false]
    .flatMap((isWaiting) => {
      const alike = slowestFirst.filter((one) => one.isWaiting === isWaiting);
      const total = alike.reduce((sum, { seconds }) => sum + seconds, 0);
      let before = 0;
      return alike.map(({ file, seconds }) => {
        const place = before / total;
        before += seconds;
        return { file, place };
      });
    })
    .sort((a, b) => a.place - b.place)
    .map(({ file }) => file);
}
