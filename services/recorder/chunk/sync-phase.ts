const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

/**
 * At which fraction (0 to 1) of the sync interval a camera is synced, so that the syncs of many cameras are spread over
 * it. Multiples of the golden ratio are spread evenly for any number of them.
 */
export function syncPhase(camera: string): number {
  let number = 0;
  for (const char of camera) number = (number * 31 + char.charCodeAt(0)) % 65_536;
  return (number * GOLDEN_RATIO) % 1;
}
