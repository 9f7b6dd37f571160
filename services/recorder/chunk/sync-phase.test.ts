import { expect, test } from "vitest";
import { syncPhase } from "./sync-phase.ts";

test.each([
  ["numbered", (n: number) => `camera-${n + 1}`],
  ["numbered with zeros", (n: number) => `cam${String(n).padStart(3, "0")}`],
  ["by floor and room", (n: number) => `floor${n % 4}-room${Math.floor(n / 4)}`],
])("the syncs of 32 cameras, %s, are spread over the interval", (_, nameOf) => {
  const perTwentieth = new Map<number, number>();
  for (let n = 0; n < 32; n++) {
    const phase = syncPhase(nameOf(n));
    expect(phase).toBeGreaterThanOrEqual(0);
    expect(phase).toBeLessThan(1);
    const twentieth = Math.floor(phase * 20);
    perTwentieth.set(twentieth, (perTwentieth.get(twentieth) ?? 0) + 1);
  }
  expect(Math.max(...perTwentieth.values())).toBeLessThanOrEqual(5);
});
