import type { Response } from "express";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import type { Condition } from "../../../shared/health/condition.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import type { HealthWatch } from "../health/health-watch.ts";
import type { SystemMonitor } from "../health/system-monitor.ts";
import type { SystemStatus } from "../health/system-status.ts";
import { Problem } from "../http/problem.ts";
import { ClientPlaces } from "../limits/client-places.ts";
import { EventStream, eventBytes } from "./event-stream.ts";
import { MinuteWatch } from "./minute-watch.ts";

export interface EventHubParts {
  catalog: Catalog;
  monitor: SystemMonitor;
  health: Pick<HealthWatch, "conditions">;
  logger: Logger;
  /** Interval between two checks for news while there are clients; 2 s unless given. */
  intervalMs?: number;
}

const INTERVAL_MS = 2000;
const BEAT_MS = 15_000;
/** Each tab of the page has one stream. */
const STREAMS = { what: "event streams", perClient: 100, inAll: 400 };

/**
 * Notifies all clients of new minutes, camera states and health. It checks once for all of them, and not at all while
 * there are none.
 */
export class EventHub {
  readonly #parts: EventHubParts;
  readonly #watch: MinuteWatch;
  readonly #streams = new Set<EventStream>();
  readonly #places = new ClientPlaces(STREAMS);
  /** What was last sent to every client, as JSON: `health`, and each camera by id. */
  #sent = new Map<string, string>();
  /** The conditions that every client knows of, by id, subject and start. */
  #conditions = new Map<string, Condition>();
  #timer: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: EventHubParts) {
    this.#parts = parts;
    this.#watch = new MinuteWatch(parts.catalog);
  }

  get clients(): number {
    return this.#streams.size;
  }

  /**
   * Makes the response an event stream until its client leaves. It begins with the current state: a `camera` event for
   * each enabled camera and a `health` event. Throws Problem 429 when the client has too many streams, 503 when there
   * are too many in all.
   *
   * @param client as `clientAddress` returns it
   */
  async attach(res: Response, client: string): Promise<void> {
    this.#refuseIfClosed();
    res.once("close", this.#places.take(client));
    const status = await this.#parts.monitor.status();
    // The watch begins before the stream does, so that nothing is missed in between. A client that loaded data before
    // its stream began loads it again then.
    if (this.#streams.size === 0) await this.#watch.begin(Date.now());
    if (res.destroyed || this.#closed) return void res.end();
    const stream = new EventStream(res);
    const news = newsOf(status, this.#parts.health.conditions());
    for (const [name, data] of news) stream.send(eventBytes(eventName(name), data));
    this.#streams.add(stream);
    res.on("close", () => this.#detach(stream));
    if (this.#streams.size === 1) this.#start(news);
  }

  /** Ends all streams; their clients reconnect to whichever api answers then. */
  close(): void {
    this.#closed = true;
    this.#stop();
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
  }

  #refuseIfClosed(): void {
    if (!this.#closed) return;
    throw new Problem("unavailable", 503, "No more event streams are taken now.", { "Retry-After": "5" });
  }

  #detach(stream: EventStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#stop();
  }

  #start(news: Map<string, object>): void {
    this.#sent = new Map(Array.from(news, ([name, data]) => [name, JSON.stringify(data)]));
    this.#conditions = byName(this.#parts.health.conditions());
    this.#beat = setInterval(() => {
      for (const stream of this.#streams) stream.beat();
    }, BEAT_MS);
    this.#schedule();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    this.#sent = new Map();
    this.#watch.reset();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), this.#parts.intervalMs ?? INTERVAL_MS);
  }

  async #look(): Promise<void> {
    try {
      const [status, minutes] = await Promise.all([this.#parts.monitor.status(), this.#watch.changes(Date.now())]);
      if (this.#streams.size === 0) return;
      for (const minute of minutes) this.#sendAll("minute", minute);
      const sent = new Map<string, string>();
      for (const [name, data] of newsOf(status, this.#parts.health.conditions())) {
        const text = JSON.stringify(data);
        sent.set(name, text);
        if (this.#sent.get(name) !== text) this.#sendAll(eventName(name), data);
      }
      this.#sent = sent;
      this.#sendConditions();
    } catch (error) {
      this.#parts.logger.warn("looking for events failed", { error });
    }
    if (this.#streams.size > 0) this.#schedule();
  }

  #sendConditions(): void {
    const before = this.#conditions;
    this.#conditions = byName(this.#parts.health.conditions());
    for (const [name, condition] of this.#conditions) {
      if (!before.has(name)) this.#sendAll("condition", { change: "began", condition });
    }
    for (const [name, condition] of before) {
      if (!this.#conditions.has(name)) this.#sendAll("condition", { change: "ended", condition });
    }
  }

  #sendAll(event: string, data: unknown): void {
    const bytes = eventBytes(event, data);
    for (const stream of this.#streams) stream.send(bytes);
  }
}

/** The parts of a status whose changes are events; counters that always change are not among them. */
function newsOf(status: SystemStatus, health: readonly Condition[]): Map<string, object> {
  const news = new Map<string, object>();
  for (const [camera, recording] of Object.entries(status.camera)) {
    const detail = status.cameras.find((each) => each.camera === camera);
    news.set(`camera ${camera}`, {
      camera,
      recording,
      state: detail?.state ?? "unknown",
      since: detail?.since ?? null,
      problem: status.problems.find((each) => each.what === "camera" && each.camera === camera)?.message ?? null,
    });
  }
  news.set("health", { status: status.status, health, problems: status.problems, warnings: status.warnings });
  return news;
}

function byName(conditions: readonly Condition[]): Map<string, Condition> {
  return new Map(conditions.map((condition) => [`${condition.id} ${condition.subject} ${condition.since}`, condition]));
}

function eventName(news: string): string {
  return news.startsWith("camera ") ? "camera" : news;
}
