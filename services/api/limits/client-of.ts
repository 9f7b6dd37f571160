import type { IncomingMessage } from "node:http";
import type { LiveConfig } from "../../../shared/config/config.ts";
import { clientAddress } from "../http/client-address.ts";
import { configuredTrust } from "../http/forwarded.ts";

/** Returns the client of a request, by the current configuration. */
export type ClientOf = (request: IncomingMessage) => string;

export function clientOf(config: LiveConfig): ClientOf {
  const trust = configuredTrust(config);
  return (request) => clientAddress(request, trust());
}
