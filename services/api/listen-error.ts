import { StartError } from "../../shared/service/start-error.ts";

const REASONS: Record<string, (host: string, port: number) => string> = {
  EADDRINUSE: (host, port) =>
    `port ${port} at ${host} is in use, by another program or another Hindsight (\`ss -ltnp sport = :${port}\` names it): ` +
    "end that one, or set api.port (NVR_API_PORT) to a free port",
  EACCES: (_host, port) =>
    `port ${port} is not for every user, as those below 1024: set api.port (NVR_API_PORT) to a higher one`,
  EADDRNOTAVAIL: (host) =>
    `${host} is no address of this machine: set api.host (NVR_API_HOST) to one of those that \`ip address\` lists`,
  ENOTFOUND: (host) => `no address is known for the host name ${host}: correct api.host (NVR_API_HOST)`,
};

/** The error for when page and API cannot be served; its message is one line and says what to do. */
export function listenError(host: string, port: number, cause: NodeJS.ErrnoException): StartError {
  const reason = REASONS[cause.code ?? ""]?.(host, port);
  const otherwise = `${host}:${port} cannot be listened at (${cause.message}): correct api.host or api.port`;
  return new StartError(`page and API cannot be served: ${reason ?? otherwise}`, { cause });
}
