/** The result of one run of the suite, read from vitest's JSON. */
export interface SuiteRun {
  passed: number;
  failed: number;
  seconds: number;
  files: { file: string; seconds: number }[];
  failures: { file: string; test: string; message: string }[];
}

interface VitestJson {
  startTime: number;
  numPassedTests: number;
  testResults: {
    name: string;
    startTime: number;
    endTime: number;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
  }[];
}

/**
 * Every test that did not pass counts as failed, also a skipped one; a file that could not be run counts as one
 * failure.
 */
export function readRun(json: string): SuiteRun {
  const { startTime, testResults } = JSON.parse(json) as VitestJson;
  const failures: SuiteRun["failures"] = [];
  let passed = 0;
  for (const { name: file, status, message, assertionResults } of testResults) {
    const failed = assertionResults.filter((test) => test.status !== "passed");
    passed += assertionResults.length - failed.length;
    for (const { fullName, failureMessages } of failed) {
      failures.push({ file, test: fullName, message: firstLine(failureMessages?.[0] ?? "was not run") });
    }
    if (status !== "passed" && failed.length === 0) {
      failures.push({ file, test: "(the file itself)", message: firstLine(message) });
    }
  }
  const endMs = Math.max(startTime, ...testResults.map(({ endTime }) => endTime));
  const files = testResults.map(({ name, startTime, endTime }) => ({
    file: name,
    seconds: (endTime - startTime) / 1000,
  }));
  return { passed, failed: failures.length, seconds: Math.round((endMs - startTime) / 1000), files, failures };
}

/** The tests that failed in any run, with the number of failures; the most frequent first. */
export function tally(runs: readonly SuiteRun[]): { file: string; test: string; count: number; message: string }[] {
  const red = new Map<string, { file: string; test: string; count: number; message: string }>();
  for (const { file, test, message } of runs.flatMap(({ failures }) => failures)) {
    const key = `${file} ${test}`;
    red.set(key, { file, test, count: (red.get(key)?.count ?? 0) + 1, message });
  }
  return [...red.values()].sort((a, b) => b.count - a.count);
}

/** The slowest files, by the median of their runs. */
export function slowestFiles(runs: readonly SuiteRun[], count: number): { file: string; seconds: number }[] {
  const times = new Map<string, number[]>();
  for (const { file, seconds } of runs.flatMap(({ files }) => files)) {
    times.set(file, [...(times.get(file) ?? []), seconds]);
  }
  return [...times]
    .map(([file, all]) => ({ file, seconds: median(all) }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, count);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
