import type { SentAccessUnit } from "../../support/simulator.ts";

/** What was sent and what was recorded, access units. */
export interface Account {
  sent: number;
  /** Those that must have been recorded. */
  due: number;
  found: number;
  /** Due, but not recorded. */
  lost: SentAccessUnit[];
  doubled: number;
  /** Recorded without ever having been sent, or out of order. */
  foreign: number;
}

/** Compares what a camera sent with the content of its mp4 files, in their order. */
export function account(
  log: readonly SentAccessUnit[],
  recorded: readonly { sha256: string }[],
  isDue: (unit: SentAccessUnit) => boolean,
): Account {
  const sent = log.filter(({ dropped }) => !dropped);
  const order = new Map(sent.map(({ sha256 }, index) => [sha256, index]));
  const times = new Map<string, number>();
  let foreign = 0;
  let last = -1;
  for (const { sha256 } of recorded) {
    const index = order.get(sha256) ?? -1;
    times.set(sha256, (times.get(sha256) ?? 0) + 1);
    if (index === -1 || (index < last && times.get(sha256) === 1)) foreign++;
    last = Math.max(last, index);
  }
  const due = sent.filter(isDue);
  return {
    sent: sent.length,
    due: due.length,
    found: times.size,
    lost: due.filter(({ sha256 }) => !times.has(sha256)),
    doubled: [...times.values()].reduce((sum, count) => sum + count - 1, 0),
    foreign,
  };
}

/**
 * Files that a camera should not have when everything is converted: unfinished ones, and minutes without their JPEGs.
 */
export function leftovers(files: readonly string[]): string[] {
  const known = new Set(files);
  const strays = files.filter((path) => !/\.(mp4|preview\.jpg|thumbnail\.jpg)$/.test(path));
  const incomplete = files.filter(
    (path) =>
      path.endsWith(".mp4") &&
      !["preview", "thumbnail"].every((kind) => known.has(path.replace(/mp4$/, `${kind}.jpg`))),
  );
  return [...strays, ...incomplete];
}
