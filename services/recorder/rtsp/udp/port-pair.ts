import { createSocket, type Socket } from "node:dgram";
import { CameraAwayError } from "../../errors/camera-error.ts";

/** Two sockets on an even port and the odd one above it (RFC 3550 §11). */
export interface PortPair {
  rtp: Socket;
  rtcp: Socket;
  rtpPort: number;
}

/** Opens a UDP socket on a port, or on any free one for 0. */
export type BindSocket = (family: 4 | 6, port: number) => Promise<Socket>;

const MAX_TRIES = 50;

/**
 * Binds a pair of free ports on all addresses of a family. Throws CameraAwayError when many attempts find no two
 * adjacent ones, or the system has no more sockets.
 */
export async function bindPortPair(family: 4 | 6, bind: BindSocket = bindSocket): Promise<PortPair> {
  let failure: unknown;
  for (let i = 0; i < MAX_TRIES; i++) {
    let first: Socket | undefined;
    try {
      first = await bind(family, 0);
      const { port } = first.address();
      const second = await bind(family, port ^ 1); // the other port of its pair, whichever of the two is even
      const [rtp, rtcp] = port % 2 === 0 ? [first, second] : [second, first];
      return { rtp, rtcp, rtpPort: port & ~1 };
    } catch (error) {
      first?.close();
      failure = error;
      if (!["EADDRINUSE", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) break;
    }
  }
  throw new CameraAwayError(
    `no pair of free UDP ports (${(failure as NodeJS.ErrnoException).code?.toLowerCase() ?? failure})`,
    "widen net.ipv4.ip_local_port_range and the limit of open files, or set its transport to tcp",
    { cause: failure },
  );
}

function bindSocket(family: 4 | 6, port: number): Promise<Socket> {
  const socket = createSocket({ type: family === 4 ? "udp4" : "udp6", ipv6Only: family === 6 });
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once("error", fail);
    socket.bind(port, () => {
      socket.off("error", fail);
      resolve(socket);
    });
  });
}
