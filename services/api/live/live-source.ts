import type { Redis } from "ioredis";
import { framesChannel, RENEW_INTERVAL_MS, WATCH_CHANNEL } from "../../../shared/live/channels.ts";
import { decodeFrame, type LiveFrame } from "../../../shared/live/frame-message.ts";
import { FrameOrder } from "./frame-order.ts";

export type FrameListener = (frame: LiveFrame) => void;

/** A larger GOP is not kept for listeners that come later: these begin with the next keyframe. */
export const MAX_KEPT_BYTES = 8 * 1024 * 1024;

interface Subscription {
  order: FrameOrder;
  /** The newest GOP so far; empty when it is too large. */
  gop: LiveFrame[];
  gopBytes: number;
  listeners: Set<FrameListener>;
}

/**
 * The frames of cameras, from whichever recorder holds them. They are requested over Redis while there are listeners,
 * once for all listeners of this process. The connection exists only while there are any.
 */
export class LiveSource {
  readonly #redis: Redis;
  readonly #subscriptions = new Map<string, Subscription>();
  #subscriber: Redis | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param redis the process's client, whose settings are used */
  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /**
   * Calls back with the camera's frames: soon with those of the newest GOP, so that the first one is a keyframe, then
   * with new ones. Returns the function that ends it.
   */
  listen(camera: string, listener: FrameListener): () => void {
    const known = this.#subscriptions.get(camera);
    const subscription = known ?? { order: new FrameOrder(), gop: [], gopBytes: 0, listeners: new Set() };
    subscription.listeners.add(listener);
    // In a microtask: before any new frame can arrive, but after the caller has the function that ends it.
    queueMicrotask(() => {
      for (const frame of subscription.gop) {
        if (subscription.listeners.has(listener)) listener(frame);
      }
    });
    if (known === undefined) this.#subscribe(camera, subscription);
    return () => {
      subscription.listeners.delete(listener);
      if (subscription.listeners.size === 0 && this.#subscriptions.get(camera) === subscription) {
        this.#unsubscribe(camera);
      }
    };
  }

  #subscribe(camera: string, subscription: Subscription): void {
    this.#subscriptions.set(camera, subscription);
    this.#subscriber ??= this.#connect();
    // Recorders are notified only once the subscription is in place: their first frames are the newest GOP.
    this.#subscriber.subscribe(framesChannel(camera)).then(
      () => this.#renew(camera),
      () => {},
    );
    this.#timer ??= setInterval(() => {
      for (const each of this.#subscriptions.keys()) this.#renew(each);
    }, RENEW_INTERVAL_MS);
  }

  #unsubscribe(camera: string): void {
    this.#subscriptions.delete(camera);
    if (this.#subscriptions.size > 0) {
      this.#subscriber?.unsubscribe(framesChannel(camera)).catch(() => {});
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#subscriber?.disconnect();
    this.#subscriber = undefined;
  }

  #renew(camera: string): void {
    if (this.#subscriptions.has(camera) && this.#redis.status === "ready") {
      this.#redis.publish(WATCH_CHANNEL, camera).catch(() => {});
    }
  }

  #connect(): Redis {
    const subscriber = this.#redis.duplicate();
    const cameras = new Map<string, string>();
    subscriber.on("error", () => {}); // connectRedis logs that Redis is away
    subscriber.on("messageBuffer", (channel: Buffer, message: Buffer) => {
      const name = channel.toString("latin1");
      const camera = cameras.get(name) ?? this.#cameraOf(name);
      if (camera === undefined) return;
      cameras.set(name, camera);
      this.#message(camera, message);
    });
    return subscriber;
  }

  #cameraOf(channel: string): string | undefined {
    return [...this.#subscriptions.keys()].find((camera) => framesChannel(camera) === channel);
  }

  #message(camera: string, message: Buffer): void {
    const subscription = this.#subscriptions.get(camera);
    const frame = decodeFrame(message);
    if (subscription === undefined || frame === undefined) return;
    if (!subscription.order.accepts(frame, performance.now())) return;
    keep(subscription, frame);
    for (const listener of subscription.listeners) listener(frame);
  }
}

function keep(subscription: Subscription, frame: LiveFrame): void {
  if (frame.isKeyframe) {
    subscription.gop = [];
    subscription.gopBytes = 0;
  }
  subscription.gopBytes += frame.data.length;
  if (subscription.gopBytes > MAX_KEPT_BYTES) subscription.gop = [];
  else if (frame.isKeyframe || subscription.gop.length > 0) subscription.gop.push(frame);
}
