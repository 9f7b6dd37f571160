import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { SlowestFirst } from "./tests/support/slowest-first.ts";

const CORES = availableParallelism();
/** More than there are cores keep these busy: half of the files wait, for minutes to end and for faults to be told. */
const WORKERS = 2 * CORES + 1;
/**
 * One process runs many of these files, for starting it and loading the modules costs more than most of the tests do. They
 * start few processes, and leave nothing behind in their own.
 */
const TOGETHER = [
  "services/api/**/*.test.ts",
  "services/recorder/{clock,rtcp,rtp,rtsp}/**/*.test.ts",
  "shared/{chunk,codec,config,health,http,live,mp4,status,store,time}/**/*.test.ts",
];
/** But for those that set the time zone, which modules read when they are loaded. */
const ALONE = ["services/api/page/src/**/*.test.ts"];
/**
 * Judge times to 20 ms, how far behind a live picture is, and every picture played: nothing else may need the machine
 * meanwhile. (Live view's browser beside it makes the recorder of recording.test.ts 4 ms too late.)
 */
const RECORDING = ["tests/e2e/{recording,live}.test.ts", "services/api/page/in-step.browser.test.ts"];
const PAGE = ["services/api/page/*.browser.test.ts", "tests/e2e/range-browser.test.ts"];

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ["tests/support/seeded-properties.ts", "tests/support/patience.ts", "tests/support/no-traces.ts"],
    reporters: ["default", "./tests/support/closing-line.ts"],
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "parts",
          include: ["{services,shared,tools,cli,tests}/**/*.test.ts"],
          exclude: [...TOGETHER, ...RECORDING, ...PAGE],
          sequence: { groupOrder: 0 },
          maxWorkers: WORKERS,
        },
      },
      {
        extends: true,
        test: {
          name: "parts-alone",
          include: ALONE,
          sequence: { groupOrder: 0 },
          maxWorkers: WORKERS,
        },
      },
      {
        extends: true,
        test: {
          name: "parts-together",
          include: TOGETHER,
          exclude: [...ALONE, ...RECORDING, ...PAGE],
          isolate: false,
          sequence: { groupOrder: 0 },
          maxWorkers: WORKERS,
        },
      },
      {
        // A browser each: beside one another, and beside nothing else.
        extends: true,
        test: {
          name: "page",
          include: PAGE,
          exclude: RECORDING,
          isolate: false,
          sequence: { groupOrder: 1 },
          maxWorkers: CORES + 1,
        },
      },
      {
        extends: true,
        test: {
          name: "recording",
          include: RECORDING,
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
        },
      },
    ],
  },
});
