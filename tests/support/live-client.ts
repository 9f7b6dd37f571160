import { WebSocket } from "ws";

/** What a live viewer without a browser has received. */
export interface LiveClient {
  socket: WebSocket;
  /** The text messages, parsed. */
  starts: { codec: string; startTimeMs: number; width: number; height: number }[];
  /** Sizes and arrival times (ms since the Unix epoch) of the binary messages. */
  pieces: { bytes: Buffer; atMs: number }[];
  /** How the connection was closed. */
  closed: Promise<{ code: number; reason: string }>;
}

/** Watches a camera. Rejects, with the HTTP status in the message, when the upgrade is refused. */
export async function watchLive(
  apiUrl: string,
  camera: string,
  { query = "", headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<LiveClient> {
  const socket = new WebSocket(`${apiUrl.replace("http", "ws")}/api/1/camera/${camera}/live${query}`, { headers });
  const client: LiveClient = {
    socket,
    starts: [],
    pieces: [],
    closed: new Promise((resolve) => {
      socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    }),
  };
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) client.pieces.push({ bytes: data, atMs: Date.now() });
    else client.starts.push(JSON.parse(data.toString()));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return client;
}
