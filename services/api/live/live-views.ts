import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Config, LiveConfig } from "../../../shared/config/config.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { isAllowedOrigin } from "../http/cors.ts";
import type { OriginGuard } from "../http/origin-guard.ts";
import { excerpt, Problem } from "../http/problem.ts";
import { refuseUpgrade } from "../http/raw-problem.ts";
import type { ClientOf } from "../limits/client-of.ts";
import { ClientPlaces } from "../limits/client-places.ts";
import { type Channel, CloseCode } from "./channel.ts";
import { conversionToEnd } from "./fair-share.ts";
import type { LiveSource } from "./live-source.ts";
import { Mp4Channel } from "./mp4-channel.ts";
import { Mpeg1Channel } from "./mpeg1-channel.ts";

export interface LiveViewsOptions {
  config: LiveConfig;
  source: LiveSource;
  origins: OriginGuard;
  logger: Logger;
  client: ClientOf;
  patience?: LivePatience;
}

/** How long live views wait, ms. */
export interface LivePatience {
  /** How long a stream without viewers is kept, for one who leaves and comes back at once. */
  lingerMs: number;
  /** An ffmpeg that gets frames and outputs nothing for this long hangs. */
  hangMs: number;
}

const PATIENCE: LivePatience = { lingerMs: 3000, hangMs: 10_000 };

type Codec = "h264" | "mpeg1";

const PATH = /^\/api\/1\/camera\/([^/]*)\/live$/;
const PING_INTERVAL_MS = 10_000;
/** The part of a problem's message that becomes the close reason, which may have 123 bytes (RFC 6455 §5.5). */
const FIRST_SENTENCE = /^.{0,122}?\.(?= |$)/;
const CLOSE_PATIENCE_MS = 1000;
/** A client may be a household with several screens, each showing all cameras. */
const VIEWERS = { what: "live views", perClient: 100, inAll: 400 };

/** Live view by WebSocket: `/api/1/camera/{id}/live`; `?codec=mpeg1` if the browser cannot play the camera's codec. */
export class LiveViews {
  readonly #options: LiveViewsOptions;
  readonly #patience: LivePatience;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false });
  readonly #channels = new Map<string, Channel>();
  readonly #lingering = new Map<string, NodeJS.Timeout>();
  readonly #places = new ClientPlaces(VIEWERS);
  readonly #clients = new WeakMap<WebSocket, string>();
  /** Viewers who have not answered the last ping. */
  readonly #silent = new Set<WebSocket>();
  readonly #pings: NodeJS.Timeout;
  readonly #endFollowing: () => void;
  #isClosing = false;

  constructor(options: LiveViewsOptions) {
    this.#options = options;
    this.#patience = options.patience ?? PATIENCE;
    this.#pings = setInterval(() => this.#ping(), PING_INTERVAL_MS);
    this.#endFollowing = options.config.onChange(() => this.#dropUnknown());
  }

  get viewers(): number {
    return this.#server.clients.size;
  }

  /** Handles an upgrade request; returns false when it is not for a WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (request.headers.upgrade?.toLowerCase() !== "websocket") return false;
    const target = request.url ?? "/";
    const client = this.#options.client(request);
    let asked: { camera: string; codec: Codec };
    let tooMany: Problem | undefined;
    try {
      asked = this.#read(request, target);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refuseUpgrade(socket, error, target);
      return true;
    }
    try {
      socket.once("close", this.#places.take(client));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      tooMany = error;
    }
    socket.on("error", () => {});
    this.#server.handleUpgrade(request, socket, head, (viewer) => {
      // Refused by a close code, which a page can read: it cannot read the answer to a refused upgrade.
      if (tooMany !== undefined) return refuse(viewer, tooMany);
      this.#clients.set(viewer, client);
      this.#admit(viewer, asked.camera, asked.codec, client);
    });
    return true;
  }

  /** Closes the connections of all viewers and releases everything. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#pings);
    this.#endFollowing();
    for (const timer of this.#lingering.values()) clearTimeout(timer);
    for (const channel of this.#channels.values()) channel.stop();
    this.#channels.clear();
    const gone = [...this.#server.clients].map(
      (viewer) => new Promise<void>((resolve) => viewer.once("close", () => resolve())),
    );
    for (const viewer of this.#server.clients) viewer.close(CloseCode.goingAway, "The api is stopping.");
    const limit = setTimeout(() => {
      for (const viewer of this.#server.clients) viewer.terminate();
    }, CLOSE_PATIENCE_MS);
    await Promise.all(gone);
    clearTimeout(limit);
  }

  #read(request: IncomingMessage, target: string): { camera: string; codec: Codec } {
    if (!URL.canParse(target, "http://localhost")) throw new Problem("bad-request", 400, "This is no address.");
    const { pathname, searchParams } = new URL(target, "http://localhost");
    const id = PATH.exec(pathname)?.[1];
    if (id === undefined) throw new Problem("no-such-resource", 404, "There is no WebSocket here; docs/api.md has it.");
    const { config, origins } = this.#options;
    if (!isAllowedOrigin(config.current, request.headers.origin)) {
      const refusal = origins.refusal(request, "watch");
      if (refusal !== undefined) throw refusal;
    }
    requireRecorded(config.current, id);
    const codec = searchParams.get("codec") ?? "h264";
    if (codec !== "h264" && codec !== "mpeg1") {
      throw new Problem("bad-request", 400, `codec is "h264" or "mpeg1", not "${excerpt(codec)}".`);
    }
    return { camera: id, codec };
  }

  #admit(viewer: WebSocket, camera: string, codec: Codec, client: string): void {
    viewer.on("error", () => viewer.terminate());
    viewer.on("pong", () => this.#silent.delete(viewer));
    viewer.on("close", () => this.#silent.delete(viewer));
    if (this.#isClosing) {
      viewer.close(CloseCode.goingAway, "The api is stopping.");
      setTimeout(() => viewer.terminate(), CLOSE_PATIENCE_MS);
      return;
    }
    const key = `${codec}:${camera}`;
    const channel = this.#channels.get(key) ?? this.#open(key, camera, codec, client);
    if (channel === undefined) {
      const most = this.#options.config.current.api.maxMpeg1Streams;
      viewer.close(CloseCode.tryAgainLater, `${most} cameras are converted to MPEG-1 already: api.maxMpeg1Streams.`);
      return;
    }
    clearTimeout(this.#lingering.get(key));
    this.#lingering.delete(key);
    viewer.on("close", () => {
      channel.audience.delete(viewer);
      if (channel.audience.size === 0 && this.#channels.get(key) === channel) this.#linger(key, channel);
    });
    channel.join(viewer);
  }

  #open(key: string, camera: string, codec: Codec, client: string): Channel | undefined {
    const { config, source, logger } = this.#options;
    if (codec === "mpeg1" && !this.#hasRoomForMpeg1(client)) return undefined;
    const channel =
      codec === "h264"
        ? new Mp4Channel(camera, source)
        : new Mpeg1Channel({
            camera,
            source,
            logger,
            ffmpegPath: config.current.converter.ffmpegPath,
            maxPixels: config.current.converter.maxPixels,
            hangMs: this.#patience.hangMs,
            ended: () => this.#forget(key, channel),
          });
    this.#channels.set(key, channel);
    return channel;
  }

  /** Whether a conversion may start. If necessary ends one without viewers, or one of a client with too many. */
  #hasRoomForMpeg1(client: string): boolean {
    const streams = [...this.#channels].filter(([, channel]) => channel instanceof Mpeg1Channel);
    if (streams.length < this.#options.config.current.api.maxMpeg1Streams) return true;
    const unwatched = streams.find(([key]) => this.#lingering.has(key));
    if (unwatched !== undefined) {
      this.#stop(...unwatched);
      return true;
    }
    const ended = conversionToEnd(
      streams.map(([key, channel]) => ({ key, channel, clients: this.#clientsOf(channel) })),
      client,
    );
    if (ended === undefined) return false;
    this.#stop(ended.key, ended.channel);
    ended.channel.audience.close(CloseCode.tryAgainLater, "Another viewer's camera is converted: api.maxMpeg1Streams.");
    return true;
  }

  #clientsOf(channel: Channel): Set<string> {
    return new Set(Array.from(channel.audience.sockets, (viewer) => this.#clients.get(viewer) ?? ""));
  }

  #linger(key: string, channel: Channel): void {
    clearTimeout(this.#lingering.get(key));
    this.#lingering.set(
      key,
      setTimeout(() => this.#stop(key, channel), this.#patience.lingerMs),
    );
  }

  #stop(key: string, channel: Channel): void {
    channel.stop();
    this.#forget(key, channel);
  }

  #forget(key: string, channel: Channel): void {
    if (this.#channels.get(key) !== channel) return;
    this.#channels.delete(key);
    clearTimeout(this.#lingering.get(key));
    this.#lingering.delete(key);
  }

  /** Ends the live views of cameras that are no longer configured or enabled. */
  #dropUnknown(): void {
    for (const [key, channel] of this.#channels) {
      const camera = key.slice(key.indexOf(":") + 1);
      if (this.#options.config.current.cameras.get(camera)?.enabled === true) continue;
      this.#stop(key, channel);
      channel.audience.close(CloseCode.cameraGone, "The camera is recorded no more.");
    }
  }

  /** Disconnects viewers that disappeared without closing, or that do not read what they are sent. */
  #ping(): void {
    for (const viewer of this.#server.clients) {
      if (this.#silent.has(viewer)) {
        viewer.terminate();
      } else {
        this.#silent.add(viewer);
        viewer.ping();
      }
    }
  }
}

/** Throws Problem 404 for a camera that is not being recorded and so has no live view. */
export function requireRecorded({ cameras }: Config, id: string): void {
  if (cameras.get(id)?.enabled !== true) {
    throw new Problem("unknown-camera", 404, `No camera "${excerpt(id)}" is being recorded.`);
  }
}

function refuse(viewer: WebSocket, { message }: Problem): void {
  viewer.on("error", () => viewer.terminate());
  viewer.close(CloseCode.tryAgainLater, FIRST_SENTENCE.exec(message)?.[0]);
  setTimeout(() => viewer.terminate(), CLOSE_PATIENCE_MS).unref();
}
