/** A wall-clock minute in UTC, written `YYYYMMDD.HHMM`: it identifies footage on disk, in jobs and in the API. */
export type Minute = string;

const MINUTE_PATTERN = /^(\d{4})(\d{2})(\d{2})\.(\d{2})(\d{2})$/;
const DAY_PATTERN = /^(\d{4})(\d{2})(\d{2})$/;
const US_PER_MINUTE = 60_000_000;

export const MINUTE_MS = 60_000;
export const DAY_MS = 1440 * MINUTE_MS;

/** The minute in which a time (µs since the Unix epoch) lies. */
export function minuteAt(timeUs: number): Minute {
  const iso = new Date(Math.floor(timeUs / 1000)).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}.${iso.slice(11, 13)}${iso.slice(14, 16)}`;
}

/** The start of a minute in µs since the Unix epoch, or undefined when the text is not an existing minute. */
export function minuteStartUs(minute: string): number | undefined {
  const match = MINUTE_PATTERN.exec(minute);
  if (match === null) return undefined;
  const [, year, month, day, hour, min] = match.map(Number) as [number, number, number, number, number, number];
  const timeUs = Date.UTC(year, month - 1, day, hour, min) * 1000;
  return minuteAt(timeUs) === minute ? timeUs : undefined;
}

/** The first instant after a minute, in µs since the Unix epoch. Throws RangeError when there is no such minute. */
export function minuteEndUs(minute: Minute): number {
  const start = minuteStartUs(minute);
  if (start === undefined) throw new RangeError(`"${minute}" is not a minute of the form YYYYMMDD.HHMM`);
  return start + US_PER_MINUTE;
}

/** The day, `YYYYMMDD`, of a minute: the name of the folder that holds it. */
export function dayOf(minute: Minute): string {
  return minute.slice(0, 8);
}

/** The day, `YYYYMMDD`, in which a time (ms since the Unix epoch) lies. */
export function dayAtMs(timeMs: number): string {
  return dayOf(minuteAt(timeMs * 1000));
}

/** The hour, `YYYYMMDD.HH`, of a minute. */
export function hourOf(minute: Minute): string {
  return minute.slice(0, 11);
}

/** Whether a text is a day, `YYYYMMDD`, that exists in the calendar. */
export function isDay(text: string): boolean {
  return DAY_PATTERN.test(text) && minuteStartUs(`${text}.0000`) !== undefined;
}
