import { within } from "../../../shared/redis/within.ts";
import type { LeaseAnswer, LeaseQuestion } from "./lease-table.ts";

export interface LeaseKeeperOptions {
  recorder: string;
  /** Asks the table of leases; rejects when it cannot be asked. */
  ask(question: LeaseQuestion): Promise<LeaseAnswer>;
  /** Whether another recorder process is certainly gone, which can be known if it ran on this host. */
  isDead(recorder: string): boolean;
  /** All cameras that are to be recorded, by this recorder or another. */
  cameras(): string[];
  /** The cameras that this recorder runs and whose frames come in. */
  recording(): string[];
  /** Sets the cameras that this recorder runs from now on. */
  run(cameras: ReadonlySet<string>): void;
}

/** How often leases are renewed. A recorder may miss nine times before it is taken for dead. */
const INTERVAL_MS = 500;
const ANSWER_TIMEOUT_MS = 1500;
/** A recorder that starts while Redis is away records all cameras after this time: twice is better than not at all. */
const START_TIMEOUT_MS = 1000;
/**
 * A camera whose lease another recorder has taken is recorded here until its frames come in there, but for no longer
 * than this: a camera that serves only one client would otherwise never be handed over.
 */
const HANDOVER_TIMEOUT_MS = 10_000;
const LEAVE_TIMEOUT_MS = 5000;
const LEAVE_INTERVAL_MS = 100;

/**
 * Decides which cameras this process records. A camera that another recorder has taken over is recorded here until it
 * is recorded there, so that a hand-over leaves no gap; the converter merges what was recorded twice into one minute.
 * While Redis is away nothing changes.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #startedMs = performance.now();
  /** For cameras that run here though another recorder holds their lease: since when. */
  readonly #lostMs = new Map<string, number>();
  #running: ReadonlySet<string> = new Set();
  #asked: ReadonlySet<string> = new Set();
  #answer: LeaseAnswer | undefined;
  #isLeaving = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** Starts asking, twice a second. */
  start(): void {
    void this.#renew();
  }

  /** The other recorders that were alive when Redis last answered. */
  get others(): readonly string[] {
    return this.#answer?.others ?? [];
  }

  /**
   * Releases all leases, and continues with each camera until another recorder has it: for at most 5 s, and not at all
   * when there is no other recorder.
   */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    clearTimeout(this.#timer);
    const limitMs = performance.now() + LEAVE_TIMEOUT_MS;
    while (this.#running.size > 0 && performance.now() < limitMs) {
      const answer = await this.#ask("leave");
      if (answer === undefined || answer.others.length === 0) return;
      this.#run(new Set([...this.#running].filter((camera) => !answer.handedOver.includes(camera))));
      await new Promise((wake) => setTimeout(wake, LEAVE_INTERVAL_MS));
    }
  }

  async #renew(): Promise<void> {
    const answer = await this.#ask(this.#answer === undefined ? "announce" : "share");
    if (this.#isLeaving) return;
    if (answer !== undefined) {
      const isFirst = this.#answer === undefined;
      this.#answer = answer;
      if (!isFirst) this.#run(this.#shareOf(answer));
    } else {
      this.#run(this.#shareWithoutRedis());
    }
    this.#timer = setTimeout(() => void this.#renew(), INTERVAL_MS);
  }

  async #ask(intent: LeaseQuestion["intent"]): Promise<LeaseAnswer | undefined> {
    const { recorder, ask, cameras, recording, isDead } = this.#options;
    const asked = cameras();
    const question = {
      recorder,
      cameras: asked,
      running: [...this.#running],
      recording: recording(),
      dead: this.others.filter(isDead),
      intent,
    };
    try {
      const answer = await within(ask(question), ANSWER_TIMEOUT_MS, "sharing the cameras");
      this.#asked = new Set(asked);
      return answer;
    } catch {
      return undefined; // connectRedis has reported that Redis is away
    }
  }

  #shareOf(answer: LeaseAnswer): Set<string> {
    const share = new Set(answer.held);
    const now = performance.now();
    for (const camera of this.#running) {
      if (share.has(camera) || !this.#asked.has(camera)) {
        this.#lostMs.delete(camera);
      } else if (answer.handedOver.includes(camera)) {
        this.#lostMs.delete(camera);
      } else {
        const lostMs = this.#lostMs.get(camera) ?? now;
        this.#lostMs.set(camera, lostMs);
        if (now - lostMs < HANDOVER_TIMEOUT_MS) share.add(camera);
        else this.#lostMs.delete(camera);
      }
    }
    return share;
  }

  /** Redis is away: running cameras continue, and cameras that the others may not know of yet are recorded as well. */
  #shareWithoutRedis(): ReadonlySet<string> {
    const cameras = this.#options.cameras();
    if (this.#answer === undefined) {
      return performance.now() - this.#startedMs < START_TIMEOUT_MS ? new Set() : new Set(cameras);
    }
    if (this.others.length === 0) return new Set(cameras);
    return new Set(cameras.filter((camera) => this.#running.has(camera) || !this.#asked.has(camera)));
  }

  #run(cameras: ReadonlySet<string>): void {
    this.#running = cameras;
    this.#options.run(cameras);
  }
}
