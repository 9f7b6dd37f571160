import { afterAll, vi } from "vitest";

// Test files follow one another in a process: what one of them replaced there is itself again for the next.
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
