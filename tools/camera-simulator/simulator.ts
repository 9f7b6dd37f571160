import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { BodyCache } from "./access-unit.ts";
import { Camera } from "./camera.ts";
import { ClipBuilder } from "./clip-builder.ts";
import { ClipLibrary } from "./clip-library.ts";
import type { SimulatorConfig } from "./config.ts";
import { createControlServer } from "./control-server.ts";
import { SendLog } from "./log.ts";
import { RtspConnection } from "./rtsp-connection.ts";
import { Scheduler } from "./scheduler.ts";
import { WallClock } from "./wall-clock.ts";

const HOUSEKEEPING_MS = 250;

export interface Ports {
  port: number;
  controlPort: number;
  tlsPort?: number;
}

/** The whole simulator: cameras, RTSP servers, control server, log. */
export class Simulator {
  private readonly config: SimulatorConfig;
  private readonly wallClock = new WallClock();
  private readonly log: SendLog;
  private readonly scheduler: Scheduler;
  private readonly cameras = new Map<string, Camera>();
  private readonly connections = new Set<RtspConnection>();
  private readonly servers: { close(): void }[] = [];
  private housekeeping: NodeJS.Timeout | undefined;

  constructor(config: SimulatorConfig) {
    this.config = config;
    this.log = new SendLog(config.logFile);
    this.scheduler = new Scheduler(this.wallClock, config.tickMs);
  }

  /** Makes the clips, starts the cameras and listens. */
  async start(): Promise<Ports> {
    await this.startCameras();
    const { host, port, controlPort, tls } = this.config;
    const accept = (socket: Socket): void => this.accept(socket);
    const ports: Ports = {
      port: await this.listen(createServer(accept), port, host),
      controlPort: await this.listen(createControlServer(this.cameras, this.log), controlPort, "127.0.0.1"),
    };
    if (tls) {
      const options = { key: readFileSync(tls.keyFile), cert: readFileSync(tls.certFile) };
      const server = createTlsServer(options, accept).on("tlsClientError", () => {});
      ports.tlsPort = await this.listen(server, tls.port, host);
    }
    this.housekeeping = setInterval(() => this.keepHouse(), HOUSEKEEPING_MS);
    return ports;
  }

  stop(): void {
    clearInterval(this.housekeeping);
    this.scheduler.stop();
    for (const connection of this.connections) connection.end("simulator stopped");
    for (const server of this.servers) server.close();
    this.log.close();
  }

  private async startCameras(): Promise<void> {
    const clips = new ClipLibrary(new ClipBuilder(this.config.cacheDir, this.config.ffmpeg));
    const bodies: BodyCache = new Map();
    const around = { clips, bodies, wallClock: this.wallClock, log: this.log };
    const made = await Promise.all(this.config.cameras.map((config) => clips.get(config.clip)));
    const startUs = this.wallClock.nowUs() + 20_000;
    for (const [i, config] of this.config.cameras.entries()) {
      const clip = made[i];
      if (!clip) continue;
      // Spreads the cameras' frames evenly over a frame interval, as real cameras' frames would be.
      const shiftUs = (i / this.config.cameras.length) * (1e6 / config.clip.fps);
      const camera = new Camera(config, clip, startUs + shiftUs, around);
      await camera.change({ set: config.faults, clear: [] });
      this.cameras.set(config.id, camera);
    }
    for (const camera of this.cameras.values()) this.scheduler.add(camera);
  }

  private async listen(server: Server, port: number, host: string): Promise<number> {
    server.listen(port, host);
    await once(server, "listening");
    this.servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  private accept(socket: Socket): void {
    const connection = new RtspConnection(socket, {
      findCamera: (id) => this.cameras.get(id),
      wallClock: this.wallClock,
      log: this.log,
    });
    this.connections.add(connection);
    socket.on("close", () => this.connections.delete(connection));
  }

  private keepHouse(): void {
    for (const connection of this.connections) connection.endSilentSessions();
    const stepUs = this.wallClock.checkForStep();
    if (stepUs !== 0) for (const camera of this.cameras.values()) camera.stepWallClock(stepUs);
  }
}
