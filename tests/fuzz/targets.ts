import { mediaTargets } from "./media-targets.ts";
import type { Session } from "./recorded-session.ts";
import { sessionTargets } from "./session-targets.ts";
import { storeTargets } from "./store-targets.ts";
import type { FuzzTarget } from "./target.ts";
import { textTargets } from "./text-targets.ts";

/** Everything that is fuzzed. */
export function allTargets(sessions: readonly Session[]): FuzzTarget[] {
  return [...textTargets(sessions), ...mediaTargets(sessions), ...storeTargets(sessions), ...sessionTargets(sessions)];
}
