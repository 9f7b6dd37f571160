const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

/**
 * When in each interval between two syncs a camera's turn comes, from 0 up to 1 of the interval: so that the syncs of many
 * cameras do not all come at once. Multiples of the golden ratio are spread evenly, however many there are of them.
 */
export function syncPhase(camera: string): number {
  let number = 0;
  for (const char of camera) number = (number * 31 + char.charCodeAt(0)) % 65_536;
  return (number * GOLDEN_RATIO) % 1;
}
