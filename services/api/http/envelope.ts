import type { Response } from "express";
import { type Keeping, sendJsonText, weakTag } from "./json.ts";

/** The name and version of this system in its answers. */
export interface SystemName {
  name: string;
  version: string;
}

/**
 * Sends a payload in the envelope of the original's endpoints; `date`, `YYYY-MM-DDTHH:MM:SS`, is the time of the
 * answer, UTC. A payload that is a string is JSON already. The tag depends on the payload only, since the date is
 * always another.
 */
export function sendEnvelope(
  res: Response,
  system: SystemName,
  payload: object | string,
  keeping: Keeping = "revalidated",
): void {
  const date = new Date().toISOString().slice(0, 19);
  const rest = `"system":${JSON.stringify(system)},"payload":${typeof payload === "string" ? payload : JSON.stringify(payload)}`;
  sendJsonText(res, `{"date":"${date}",${rest}}`, keeping === "never" ? undefined : weakTag(rest));
}
