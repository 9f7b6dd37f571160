import type { Redis } from "ioredis";
import { WATCH_CHANNEL, WATCH_EXPIRY_MS } from "../../../shared/live/channels.ts";
import { LivePublisher } from "./live-publisher.ts";
import { LiveTap } from "./live-tap.ts";

/** How long the connection for sending is kept after the last viewer has gone: another may soon come. */
const IDLE_PUBLISHER_MS = 10_000;

/**
 * The recorder's side of live view: subscribes to which cameras are watched, and sends their frames. It has its own
 * Redis connections, so that statuses and jobs never queue behind frames; the one for sending exists only while
 * somebody watches.
 */
export class LiveFeed {
  readonly publisher: LivePublisher;
  readonly #shared: Redis;
  readonly #subscriber: Redis;
  readonly #taps = new Map<string, LiveTap>();
  readonly #expiries = new Map<string, NodeJS.Timeout>();
  #connection: Redis | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** @param redis the process's client, whose settings are used; it logs when Redis is away */
  constructor(redis: Redis) {
    this.#shared = redis;
    const feed = this;
    this.publisher = new LivePublisher({
      get isReady() {
        return feed.#connection?.status === "ready";
      },
      publish: (channel, message) => (feed.#connection as Redis).publish(channel, message),
    });
    this.#subscriber = redis.duplicate();
    this.#subscriber.on("error", () => {});
    this.#subscriber.on("message", (_channel, camera) => this.#renew(camera));
    // Waits while Redis is away; ioredis resubscribes by itself when it is back.
    this.#subscriber.subscribe(WATCH_CHANNEL).catch(() => {});
  }

  /** The tap of a camera; the same one for all its sessions. */
  tap(camera: string): LiveTap {
    const known = this.#taps.get(camera);
    if (known !== undefined) return known;
    const tap = new LiveTap(camera, this.publisher);
    tap.isWatched = this.#expiries.has(camera);
    this.#taps.set(camera, tap);
    return tap;
  }

  stop(): void {
    for (const timer of this.#expiries.values()) clearTimeout(timer);
    this.#expiries.clear();
    for (const tap of this.#taps.values()) tap.isWatched = false;
    this.#subscriber.disconnect();
    this.#disconnect();
  }

  #renew(camera: string): void {
    const tap = this.#taps.get(camera);
    if (tap === undefined) return; // another recorder's
    const expiry = this.#expiries.get(camera);
    if (expiry !== undefined) {
      expiry.refresh();
      return;
    }
    this.#connect();
    this.#expiries.set(
      camera,
      setTimeout(() => this.#expire(camera), WATCH_EXPIRY_MS),
    );
    tap.isWatched = true;
  }

  #expire(camera: string): void {
    this.#expiries.delete(camera);
    const tap = this.#taps.get(camera);
    if (tap !== undefined) tap.isWatched = false;
    if (this.#expiries.size === 0) this.#idle = setTimeout(() => this.#disconnect(), IDLE_PUBLISHER_MS);
  }

  #connect(): void {
    clearTimeout(this.#idle);
    if (this.#connection !== undefined) return;
    // What Redis has not taken when the connection breaks is dropped: old frames are of no use.
    this.#connection = this.#shared.duplicate({
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    });
    this.#connection.on("error", () => {});
  }

  #disconnect(): void {
    clearTimeout(this.#idle);
    this.#connection?.disconnect();
    this.#connection = undefined;
  }
}
