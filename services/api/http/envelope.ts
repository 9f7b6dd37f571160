import type { Response } from "express";

/** What this system is called in its answers. */
export interface SystemName {
  name: string;
  version: string;
}

/** The frame around every successful answer of the endpoints that the original documents. */
export interface Envelope<Payload> {
  /** When the answer was made, `YYYY-MM-DDTHH:MM:SS`, UTC. */
  date: string;
  system: SystemName;
  payload: Payload;
}

/** Sends a payload in its envelope. */
export function sendEnvelope(res: Response, system: SystemName, payload: object): void {
  const envelope: Envelope<object> = { date: new Date().toISOString().slice(0, 19), system, payload };
  res.set("Cache-Control", "no-store").json(envelope);
}
