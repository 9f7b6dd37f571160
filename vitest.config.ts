import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const CORES = availableParallelism();

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ["tests/support/seeded-properties.ts", "tests/support/patience.ts"],
    reporters: ["default", "./tests/support/closing-line.ts"],
    projects: [
      {
        // Each waits now and then, for a file or a process: one more than there are cores keeps these busy.
        extends: true,
        test: {
          name: "parts",
          include: ["{services,shared,tools,cli}/**/*.test.ts", "tests/{bytes,fuzz,house,long}/*.test.ts"],
          exclude: ["**/*.browser.test.ts"],
          sequence: { groupOrder: 0 },
          maxWorkers: CORES + 1,
        },
      },
      {
        // A browser each: beside one another, and beside nothing else.
        extends: true,
        test: {
          name: "page",
          include: ["services/api/page/*.browser.test.ts", "tests/e2e/range-browser.test.ts"],
          exclude: ["services/api/page/in-step.browser.test.ts"],
          sequence: { groupOrder: 1 },
          maxWorkers: CORES,
        },
      },
      {
        // Judges times to 20 ms, how far behind a live picture is, and every picture played: nothing else may need the
        // machine meanwhile.
        extends: true,
        test: {
          name: "recording",
          include: ["tests/e2e/{recording,live}.test.ts", "services/api/page/in-step.browser.test.ts"],
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
        },
      },
      {
        // These mostly wait, for minutes to end and for faults to be told. Times are judged by a canary here, but aimed kills
        // need a core now and then: no browser may run beside them.
        extends: true,
        test: {
          name: "fleets",
          include: ["tests/{e2e,faults}/**/*.test.ts"],
          exclude: ["tests/e2e/{recording,live,range-browser}.test.ts"],
          sequence: { groupOrder: 3 },
          maxWorkers: CORES + 1,
        },
      },
    ],
  },
});
