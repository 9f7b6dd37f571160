import { expect, test } from "vitest";
import { readRun, slowestFiles, tally } from "./suite-runs.ts";

const file = (name: string, seconds: number, statuses: Record<string, string>, status = "passed") => ({
  name,
  startTime: 1000,
  endTime: 1000 + seconds * 1000,
  status,
  message: status === "passed" ? "" : "Cannot find module\n at somewhere",
  assertionResults: Object.entries(statuses).map(([fullName, status]) => ({
    fullName,
    status,
    failureMessages: status === "failed" ? ["expected 1 to be 2\n at line 3"] : [],
  })),
});
const run = (...testResults: object[]) => readRun(JSON.stringify({ startTime: 1000, testResults }));

test("whatever did not pass is red: a failure, a test that was not run, a file that could not be run", () => {
  const one = run(
    file("a.test.ts", 2, { good: "passed", bad: "failed", left: "pending" }, "failed"),
    file("b.test.ts", 5, {}, "failed"),
  );
  expect(one).toMatchObject({ passed: 1, failed: 3, seconds: 5 });
  expect(one.failures).toEqual([
    { file: "a.test.ts", test: "bad", message: "expected 1 to be 2" },
    { file: "a.test.ts", test: "left", message: "was not run" },
    { file: "b.test.ts", test: "(the file itself)", message: "Cannot find module" },
  ]);
});

test("what was red in any run is told with how often, and the slowest files by their median", () => {
  const runs = [
    run(file("a.test.ts", 1, { often: "failed", once: "failed" }, "failed"), file("b.test.ts", 9, {})),
    run(file("a.test.ts", 3, { often: "failed", once: "passed" }, "failed"), file("b.test.ts", 2, {})),
    run(file("a.test.ts", 4, { often: "passed", once: "passed" }), file("b.test.ts", 2, {})),
  ];
  expect(tally(runs).map(({ test, count }) => [test, count])).toEqual([
    ["often", 2],
    ["once", 1],
  ]);
  expect(slowestFiles(runs, 1)).toEqual([{ file: "a.test.ts", seconds: 3 }]);
});
