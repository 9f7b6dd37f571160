/** The longest timer that the configuration accepts: setTimeout can wait no longer. */
export const LONGEST_TIMER_MS = 24 * 86_400_000;
export const DAYS_PER_CENTURY = 36_525;
