import type { LiveConfig } from "../../../shared/config/config.ts";
import { clientAddress } from "../http/client-address.ts";
import { configuredTrust, forwardedRequest } from "../http/forwarded.ts";
import { ClientPlaces } from "./client-places.ts";
import { ConnectionBounds } from "./connection-bounds.ts";
import { openFilesLimit } from "./open-files-limit.ts";

/**
 * How much of the api all clients together, and one client, may occupy at once. A client is an address, which a whole
 * household may share: so one client gets a quarter of the total, many times what a page needs (six connections a
 * tab).
 */
const CONNECTIONS = 2048;
const REQUESTS = { what: "requests under way", perClient: 256, inAll: 1024 };

/** Places for requests of any kind. */
export function requestPlaces(): ClientPlaces {
  return new ClientPlaces(REQUESTS);
}

/** Limits for the connections; together they take at most a quarter of the files that the process may have open. */
export function connectionBounds(config: LiveConfig): ConnectionBounds {
  const trust = configuredTrust(config);
  const nobody = () => false;
  const inAll = Math.min(CONNECTIONS, Math.floor(openFilesLimit() / 4));
  return new ConnectionBounds({
    places: new ClientPlaces({ what: "connections", perClient: Math.ceil(inAll / 4), inAll }),
    client: (socket) => {
      const connection = { headers: {}, socket };
      const { address } = forwardedRequest(connection, nobody);
      return trust()(address) ? undefined : clientAddress(connection, nobody);
    },
  });
}
