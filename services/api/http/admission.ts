import type { IncomingMessage } from "node:http";
import type { LiveConfig } from "../../../shared/config/config.ts";
import { HostGuard } from "../../../shared/http/host-guard.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { configuredTrust, forwardedRequest } from "./forwarded.ts";
import { Problem } from "./problem.ts";

/** Returns why a request is refused; undefined when it is admitted. */
export type Admission = (request: IncomingMessage) => Problem | undefined;

/**
 * Refuses requests for hosts that are not ours (see HostGuard). A proxy in front may use another host name than its
 * client: then both that name and the forwarded one must be ours, since a browser can send `X-Forwarded-Host`, too.
 */
export function admission(config: LiveConfig, logger: Logger): Admission {
  const guard = new HostGuard({
    listensAt: config.current.api.host,
    hosts: () => config.current.api.hosts,
    setting: "api.hosts (NVR_API_HOSTS)",
    logger,
  });
  const trust = configuredTrust(config);
  return (request) => {
    const refusal = guard.refusal(request, forwardedRequest(request, trust()).host);
    return refusal && new Problem(refusal.kind, refusal.status, refusal.message);
  };
}
