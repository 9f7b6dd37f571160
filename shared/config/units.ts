const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

const UNIT_BYTES: Record<string, number> = {
  b: 1,
  byte: 1,
  bytes: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * Milliseconds of a duration such as "30s", "5 min", "250ms" or "1.5 h"; a number without a unit is in milliseconds.
 * Undefined when the text is not a duration. Rounded to whole milliseconds.
 */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, UNIT_MS);
}

/**
 * Bytes of a size such as "512MiB" (powers of 1024), "10GB" (powers of 1000) or plain "1048576". Undefined when the
 * text is not a size, and for "10G", which means different things to different programs. Rounded to whole bytes.
 */
export function parseByteSize(text: string): number | undefined {
  return parseQuantity(text, UNIT_BYTES);
}

function parseQuantity(text: string, units: Record<string, number>): number | undefined {
  const match = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]*)\s*$/i.exec(text);
  if (match === null) return undefined;
  const unit = (match[2] as string).toLowerCase();
  const factor = unit === "" ? 1 : Object.hasOwn(units, unit) ? (units[unit] as number) : undefined;
  if (factor === undefined) return undefined;
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A duration in its largest whole unit: 90000 → "90s", 300000 → "5min". */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  for (const [unit, factor] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ] as const) {
    if (ms % factor === 0) return `${ms / factor}${unit}`;
  }
  return `${ms}ms`;
}

/** A byte size in its largest whole unit of 1024: 67108864 → "64MiB". */
export function formatByteSize(bytes: number): string {
  if (bytes === 0) return "0";
  for (const [unit, factor] of [
    ["TiB", 2 ** 40],
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const) {
    if (bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}
