import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", "./tests/support/closing-line.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "parts",
          include: ["{services,shared,tools,cli}/**/*.test.ts", "tests/{house,long}/*.test.ts"],
          exclude: ["**/*.browser.test.ts"],
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
        },
      },
      {
        // A browser each: beside one another, and beside nothing else.
        extends: true,
        test: {
          name: "page",
          include: ["services/api/page/*.browser.test.ts"],
          exclude: ["services/api/page/in-step.browser.test.ts"],
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
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
        // These mostly wait for minutes to pass: all at once.
        extends: true,
        test: {
          name: "end to end",
          include: ["tests/e2e/**/*.test.ts"],
          exclude: ["tests/e2e/{recording,live}.test.ts"],
          sequence: { groupOrder: 3 },
          maxWorkers: 3,
        },
      },
      {
        // Times are judged by a canary here, but aimed kills need a core now and then: no browser may run beside them.
        extends: true,
        test: { name: "faults", include: ["tests/faults/**/*.test.ts"], sequence: { groupOrder: 4 }, maxWorkers: 3 },
      },
    ],
  },
});
