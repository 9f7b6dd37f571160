/** An instant, µs since the Unix epoch, in ISO 8601 with all six digits. */
export function formatInstant(timeUs: number): string {
  const wholeUs = Math.round(timeUs); // before the split: 999999.6 µs must carry into the seconds
  const seconds = Math.floor(wholeUs / 1e6);
  const micros = String(wholeUs - seconds * 1e6).padStart(6, "0");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${micros}Z`;
}
