/** Sizes and rates for display; in decimal units, in which disks are sold and links are rated. */

/** `820 kB`, `14 MB`, `1.3 GB`. */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, ["B", "kB", "MB", "GB", "TB", "PB"]);
}

/** `820 kbit/s`, `4.1 Mbit/s`. */
export function formatBitRate(bitsPerSecond: number): string {
  return withUnit(bitsPerSecond, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]);
}

function withUnit(value: number, units: readonly string[]): string {
  let index = 0;
  let scaled = value;
  while (scaled >= 999.5 && index < units.length - 1) {
    scaled /= 1000;
    index++;
  }
  const digits = index >= 2 && scaled < 9.95 ? 1 : 0;
  return `${scaled.toFixed(digits)} ${units[index]}`;
}
