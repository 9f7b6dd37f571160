import { performance } from "node:perf_hooks";
import { Authenticator } from "./auth.ts";
import type { Camera } from "./camera.ts";
import type { Quirks, TrackKind } from "./config.ts";
import { type PacketSink, UdpSink } from "./packet-sink.ts";
import type { RtpTrack } from "./rtp-track.ts";
import { parseTransport, type RtspAnswer, type RtspRequest, type TransportChoice } from "./rtsp-message.ts";
import { buildSdp, controlUrl } from "./sdp.ts";
import { Session, type SessionContext } from "./session.ts";

const METHODS = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER"];
const SECRET_NOBODY_KNOWS = { user: "", password: "", schemes: ["digest-md5" as const], qop: true };

/** What the handler needs from its connection. */
export interface HandlerContext extends Omit<SessionContext, "onClosed"> {
  findCamera(id: string): Camera | undefined;
  openTcpSink(channel: number, controlChannel: number): PacketSink;
  localHost: string;
  remoteHost: string;
}

/** An answer, and what to do before or after it is written. */
export interface Outcome {
  camera?: Camera;
  answer: RtspAnswer;
  /** Called after the answer was written; or some time before, for a camera with `dataBeforePlayAnswer`. */
  start?: () => void;
  /** Close the connection instead of answering. */
  hangUp?: boolean;
  /** Do not answer. */
  isSilent?: boolean;
  /** Send this instead of an answer. */
  garbage?: string;
}

/** Answers the requests of one connection (RFC 2326 §10). */
export class RtspHandler {
  readonly sessions = new Map<string, Session>();
  private readonly context: HandlerContext;
  private readonly authenticators = new Map<Camera, Authenticator>();
  private readonly channels = new Set<number>();
  private lastRequestMs = performance.now();
  private lastSignMs = performance.now();

  constructor(context: HandlerContext) {
    this.context = context;
  }

  /** The client sent an RTCP packet. */
  noteSignOfLife(): void {
    this.lastSignMs = performance.now();
  }

  /** Ends the sessions whose clients were silent for too long. */
  endSilentSessions(): void {
    for (const session of this.sessions.values()) {
      const { keepAlive, sessionTimeoutS } = session.camera.config;
      const since = keepAlive === "any" ? Math.max(this.lastRequestMs, this.lastSignMs) : this.lastRequestMs;
      if (keepAlive !== "off" && performance.now() - since > sessionTimeoutS * 1000) session.close("timeout");
    }
  }

  async handle(request: RtspRequest): Promise<Outcome> {
    this.lastRequestMs = performance.now();
    const camera = this.context.findCamera(cameraIdOf(request.uri));
    if (!camera) return request.method === "OPTIONS" ? optionsAnswer(METHODS) : refuse(404);
    const outcome = camera.refusesConnections
      ? { ...refuse(404), hangUp: true }
      : await this.handleFor(camera, request);
    return { camera, ...outcome };
  }

  private async handleFor(camera: Camera, request: RtspRequest): Promise<Outcome> {
    const { faults, config } = camera;
    if (faults.notFound) return refuse(404);
    const missing = config.quirks.unsupportedMethods ?? [];
    if (missing.includes(request.method)) return refuse(501);
    const odd = this.isPlaying(request) ? oddKeepAlive(config.quirks.keepAlives, request.method) : undefined;
    if (odd !== undefined) return odd;
    if (request.method === "OPTIONS") return optionsAnswer(METHODS.filter((method) => !missing.includes(method)));
    const challenge = this.authenticate(camera, request);
    if (challenge) return { answer: { status: 401, headers: challenge } };
    switch (request.method) {
      case "DESCRIBE":
        return this.describe(camera, request);
      case "SETUP":
        return this.setup(camera, request);
      case "PLAY":
        return this.withSession(camera, request, (session) => this.play(session, request));
      case "PAUSE":
        return this.withSession(camera, request, (session) => {
          session.pause();
          return succeed([["Session", session.id]]);
        });
      case "TEARDOWN":
        return this.withSession(camera, request, (session) => {
          session.close("teardown");
          return succeed([]);
        });
      case "GET_PARAMETER":
      case "SET_PARAMETER":
        return request.headers.has("session")
          ? this.withSession(camera, request, (session) => succeed([["Session", session.id]]))
          : succeed([]);
      default:
        return refuse(501);
    }
  }

  private authenticate(camera: Camera, request: RtspRequest): [string, string][] | undefined {
    const options = camera.config.auth;
    if (!options && !camera.faults.refuseAuth) return undefined;
    let authenticator = this.authenticators.get(camera);
    if (!authenticator) {
      authenticator = new Authenticator(options ?? SECRET_NOBODY_KNOWS);
      this.authenticators.set(camera, authenticator);
    }
    const challenge = authenticator.check(request);
    return camera.faults.refuseAuth ? (challenge ?? authenticator.challenges(false)) : challenge;
  }

  private describe(camera: Camera, request: RtspRequest): Outcome {
    const { quirks } = camera.config;
    if (quirks.redirectTo !== undefined) return { answer: { status: 302, headers: [["Location", quirks.redirectTo]] } };
    const baseUrl = baseUrlOf(request.uri, camera);
    const headers: [string, string][] = [];
    if (!quirks.omitContentBase) headers.push(["Content-Base", baseUrl]);
    if (!quirks.omitContentType) headers.push(["Content-Type", "application/sdp"]);
    const { config, clip } = camera;
    const body = buildSdp({ config, clip, baseUrl, h265Only: camera.faults.h265Only === true });
    return { answer: { status: 200, headers, body } };
  }

  private async setup(camera: Camera, request: RtspRequest): Promise<Outcome> {
    const { config } = camera;
    const baseUrl = baseUrlOf(request.uri, camera);
    const index = trackIndexOf(request.uri) ?? (config.tracks.length === 1 ? 0 : undefined);
    const kind = index === undefined ? undefined : config.tracks[index];
    if (index === undefined || kind === undefined) return refuse(404);
    if (config.quirks.strictUrls) {
      const control = controlUrl(config, baseUrl, index);
      if (request.uri !== (control.startsWith("rtsp") ? control : baseUrl + control)) return refuse(404);
    }
    const choices = parseTransport(request.headers.get("transport") ?? "");
    const choice = choices.find((c) => !c.multicast && config.transports.includes(c.protocol) && isComplete(c));
    if (!choice) return refuse(461);
    const asked = request.headers.get("session")?.split(";")[0]?.trim();
    let session = asked === undefined ? undefined : this.sessions.get(asked);
    if (asked !== undefined && session?.camera !== camera) return refuse(454);
    session ??= this.openSession(camera);
    const { sink, text } = await this.openSink(camera, choice);
    const track = session.addTrack(kind, sink);
    const timeout = config.quirks.omitSessionTimeout ? "" : `;timeout=${config.sessionTimeoutS}`;
    return succeed([
      ["Transport", text + ssrcText(config.quirks.transportSsrc, track)],
      ["Session", session.id + timeout],
    ]);
  }

  private openSession(camera: Camera): Session {
    const onClosed = (closed: Session): void => {
      this.sessions.delete(closed.id);
      for (const track of closed.tracks.values()) this.channels.delete(track.sink.channel);
    };
    const session = new Session(camera, { ...this.context, onClosed });
    this.sessions.set(session.id, session);
    return session;
  }

  private async openSink(camera: Camera, choice: TransportChoice): Promise<{ sink: PacketSink; text: string }> {
    const { localHost, remoteHost } = this.context;
    if (choice.protocol === "udp" && choice.clientPorts) {
      const sink = await UdpSink.open(localHost, remoteHost, choice.clientPorts, () => this.noteSignOfLife());
      const ports = `client_port=${choice.clientPorts.join("-")};server_port=${sink.serverPorts.join("-")}`;
      return { sink, text: `RTP/AVP;unicast;${ports}` };
    }
    const wanted = camera.config.quirks.interleaved ?? "as-asked";
    let [channel, control] = wanted === "own" || !choice.interleaved ? [10, 11] : choice.interleaved;
    while (this.channels.has(channel)) [channel, control] = [channel + 2, channel + 3];
    this.channels.add(channel);
    const text = `RTP/AVP/TCP;unicast${wanted === "missing" ? "" : `;interleaved=${channel}-${control}`}`;
    return { sink: this.context.openTcpSink(channel, control), text };
  }

  private play(session: Session, request: RtspRequest): Outcome {
    const { camera } = session;
    const { quirks } = camera.config;
    const baseUrl = baseUrlOf(request.uri, camera);
    if (quirks.strictUrls && request.uri !== baseUrl) return refuse(404);
    const headers: [string, string][] = [
      ["Session", session.id],
      ["Range", "npt=now-"],
    ];
    if (quirks.rtpInfo === "wrong") headers.push(["RTP-Info", `url=${baseUrl}track9;seq=0;rtptime=0`]);
    else if (quirks.rtpInfo !== "missing") headers.push(["RTP-Info", rtpInfo(session, baseUrl)]);
    return { ...succeed(headers), start: () => session.play() };
  }

  /** Whether the request names an existing session, as keep-alives do. */
  private isPlaying(request: RtspRequest): boolean {
    return this.sessions.has(request.headers.get("session")?.split(";")[0]?.trim() ?? "");
  }

  private withSession(camera: Camera, request: RtspRequest, act: (session: Session) => Outcome): Outcome {
    const id = request.headers.get("session")?.split(";")[0]?.trim() ?? "";
    const session = this.sessions.get(id);
    return session?.camera === camera ? act(session) : refuse(454);
  }
}

function isComplete(choice: TransportChoice): boolean {
  return choice.protocol === "tcp" || choice.clientPorts !== undefined;
}

function ssrcText(quirk: "right" | "missing" | "wrong" | undefined, track: RtpTrack): string {
  if (quirk === "missing") return "";
  const ssrc = quirk === "wrong" ? (track.ssrc ^ 0x5555) >>> 0 : track.ssrc;
  return `;ssrc=${ssrc.toString(16).toUpperCase().padStart(8, "0")}`;
}

function rtpInfo(session: Session, baseUrl: string): string {
  const { tracks } = session.camera.config;
  return [...session.tracks]
    .map(([kind, track]: [TrackKind, RtpTrack]) => {
      const time = kind === "video" ? session.rtpTimestampNow() : track.timestamp(0);
      return `url=${baseUrl}track${tracks.indexOf(kind)};seq=${track.sequence};rtptime=${time}`;
    })
    .join(",");
}

function cameraIdOf(uri: string): string {
  return /^(?:rtsps?:\/\/[^/]*)?\/?([^/?]*)/i.exec(uri)?.[1] ?? "";
}

function trackIndexOf(uri: string): number | undefined {
  const match = /\/track(\d+)(?:[/?]|$)/.exec(uri);
  return match ? Number(match[1]) : undefined;
}

function baseUrlOf(uri: string, camera: Camera): string {
  const [, scheme = "rtsp:", host = "localhost"] = /^(rtsps?:)\/\/(?:[^/@]*@)?([^/]*)/i.exec(uri) ?? [];
  return `${scheme}//${host}/${camera.id}/`;
}

function oddKeepAlive(quirks: Quirks["keepAlives"] = {}, method: string): Outcome | undefined {
  const odd = quirks[method as keyof typeof quirks];
  if (odd === undefined) return undefined;
  if (typeof odd === "number") return refuse(odd);
  if (odd === "missing-body") return succeed([["Content-Length", "100"]]);
  if (odd === "garbage") return { ...succeed([]), garbage: "RTSP/1.0 200 OK\r\nContent-Length: none\r\n\r\n" };
  return { ...succeed([]), ...(odd === "silence" ? { isSilent: true } : { hangUp: true }) };
}

function optionsAnswer(methods: string[]): Outcome {
  return succeed([["Public", methods.join(", ")]]);
}

function succeed(headers: [string, string][]): Outcome {
  return { answer: { status: 200, headers } };
}

function refuse(status: number): Outcome {
  return { answer: { status, headers: [] } };
}
