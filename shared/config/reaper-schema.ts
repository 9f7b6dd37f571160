import { byteSize, decimal, duration, optional, switchLeaf, wholeNumber } from "./formats.ts";
import { DAYS_PER_CENTURY, LONGEST_TIMER_MS } from "./limits.ts";

/** The optional `reaper` stanza: without it, no footage is ever deleted. */
export const reaperSchema = {
  minFreePercent: decimal({
    doc: "The oldest footage of a disk goes until so much of the disk is free.",
    default: 10,
    env: "NVR_REAPER_MIN_FREE_PERCENT",
    max: 95,
  }),
  minFreeBytes: byteSize({
    doc: "The same as an amount; the larger of the two counts.",
    default: 0,
    env: "NVR_REAPER_MIN_FREE_BYTES",
  }),
  maxAgeDays: optional(
    decimal({
      doc: "Footage that is older goes; without this key age alone removes nothing.",
      default: null,
      env: "NVR_REAPER_MAX_AGE_DAYS",
      min: 0.01,
      max: DAYS_PER_CENTURY,
    }),
  ),
  maxBytes: optional(
    byteSize({
      doc: "A camera's oldest footage goes when it takes up more on a disk; without this key it may fill the disk.",
      default: null,
      env: "NVR_REAPER_MAX_BYTES",
      min: 1,
    }),
  ),
  logDays: wholeNumber({
    doc: "So many days of what was deleted, and why, are kept in `{storage.root}/.reaped`.",
    default: 90,
    env: "NVR_REAPER_LOG_DAYS",
    min: 1,
    max: DAYS_PER_CENTURY,
  }),
  interval: duration({
    doc: "How often age and size are looked at; the free space is looked at every two seconds besides.",
    default: "60s",
    env: "NVR_REAPER_INTERVAL",
    min: 1000,
    max: LONGEST_TIMER_MS,
  }),
  dryRun: switchLeaf({
    doc: "true logs what would be deleted, and deletes nothing.",
    default: false,
    env: "NVR_REAPER_DRY_RUN",
  }),
};
