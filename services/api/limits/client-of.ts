import type { IncomingMessage } from "node:http";
import type { LiveConfig } from "../../../shared/config/config.ts";
import { clientAddress } from "../http/client-address.ts";
import { configuredTrust } from "../http/forwarded.ts";

/** Tells of which client a request is, by the configuration that is in force. */
export type ClientOf = (request: IncomingMessage) => string;

export function clientOf(config: LiveConfig): ClientOf {
  const trust = configuredTrust(config);
  return (request) => clientAddress(request, trust());
}
