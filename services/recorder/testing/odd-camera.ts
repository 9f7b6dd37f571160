import { onTestFinished } from "vitest";
import { BatchedSockets } from "../rtsp/batched-socket.ts";
import { RtspSession, type RtspSessionOptions, type SessionHandler } from "../rtsp/session.ts";
import { answer, goodAnswer, type Script, ScriptedServer, type SeenRequest } from "./scripted-server.ts";

/** A camera that follows `script`, and answers normally where that returns "well". */
export async function serve(
  script: (...given: Parameters<Script>) => ReturnType<Script> | "well",
): Promise<ScriptedServer> {
  const server = await ScriptedServer.start((request, socket, count) => {
    const said = script(request, socket, count);
    return said === "well" ? goodAnswer(request) : said;
  });
  onTestFinished(() => server.stop());
  return server;
}

export class Heard implements SessionHandler {
  readonly packets: string[] = [];
  readonly closings: Error[] = [];
  described = () => {};
  batchEnd = () => {};
  heard = () => {};
  rtcp = () => {};
  rtp = (bytes: Buffer, start: number, end: number) =>
    void this.packets.push(bytes.toString("latin1", start + 12, end));
  closed = (error: Error) => void this.closings.push(error);
}

export function sessionAt(url: string, options?: RtspSessionOptions): { session: RtspSession; heard: Heard } {
  const heard = new Heard();
  const session = new RtspSession(new BatchedSockets(20), url, heard, options);
  onTestFinished(() => session.close());
  return { session, heard };
}

export async function open(url: string, options?: RtspSessionOptions): Promise<{ session: RtspSession; heard: Heard }> {
  const opened = sessionAt(url, options);
  await opened.session.open();
  return opened;
}

/** The URLs of the requests with a method, without the host. */
export function urlsOf(server: ScriptedServer, method: string): string[] {
  return server.requests.filter((one) => one.method === method).map(({ url }) => url.replace(/^[a-z]+:\/\/[^/?]*/, ""));
}

export function describing(fields: Record<string, string>, session: string, track: string): string {
  const lines = ["v=0", "s=x", session, "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", track];
  return answer("200 OK", fields, `${lines.filter((line) => line !== "").join("\r\n")}\r\n`);
}

/** Answers DESCRIBE as given, and every SETUP and PLAY with another path with 404. */
export function strict(
  describe: (host: string) => string,
  setup: string,
  play?: string,
): (request: SeenRequest) => string | "well" {
  return ({ method, url }) => {
    const [, host = "", path = ""] = /^([a-z]+:\/\/[^/?]*)(.*)$/.exec(url) ?? [];
    if (method === "DESCRIBE") return describe(host);
    if (method === "SETUP" && path !== setup) return answer("404 Stream Not Found");
    if (method === "PLAY" && play !== undefined && path !== play) return answer("404 Stream Not Found");
    return "well";
  };
}
