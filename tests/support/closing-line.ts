import type { Reporter, TestCase, TestModule } from "vitest/node";
import { SEED } from "./seed.ts";

/**
 * Prints the seed and the line `N passed, N failed` at the end of a run; a file that could not be run counts as one
 * failure.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    for (const module of modules) {
      const tests: TestCase[] = [...module.children.allTests()];
      const states = tests.map((test) => test.result().state);
      passed += states.filter((state) => state === "passed").length;
      const notPassed = states.length - states.filter((state) => state === "passed").length;
      failed += notPassed === 0 && module.state() === "failed" ? 1 : notPassed;
    }
    process.stdout.write(`\nseed ${SEED}\n${passed} passed, ${failed} failed\n`);
  }
}
