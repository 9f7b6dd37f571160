import { afterAll, vi } from "vitest";

// Several test files run in one process: what one of them replaced is restored for the next.
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
