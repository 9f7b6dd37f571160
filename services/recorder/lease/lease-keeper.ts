import { within } from "../../../shared/redis/within.ts";
import type { LeaseAnswer, LeaseQuestion } from "./lease-table.ts";

/** What a keeper of leases is given. */
export interface LeaseKeeperOptions {
  recorder: string;
  /** Asks the table of leases; rejects when it cannot be asked. */
  ask(question: LeaseQuestion): Promise<LeaseAnswer>;
  /** Whether another recorder process is surely gone, because it ran on this host. */
  isDead(recorder: string): boolean;
  /** All cameras that are to be recorded, by this recorder or another. */
  cameras(): string[];
  /** Of those that this recorder runs, the ones whose frames come in. */
  recording(): string[];
  /** The cameras that this recorder shall run from now on. */
  run(cameras: ReadonlySet<string>): void;
}

/** How often leases are renewed. A recorder may miss nine times before it is taken for dead. */
const INTERVAL_MS = 500;
const ANSWER_TIMEOUT_MS = 1500;
/** A recorder that starts while Redis is away waits so long, then records all cameras: twice is better than not at all. */
const START_TIMEOUT_MS = 1000;
/**
 * A camera whose lease another recorder has taken is recorded here until frames come in there, at most for so long: a camera
 * that serves one client only would never be handed over.
 */
const HANDOVER_TIMEOUT_MS = 10_000;
const LEAVE_TIMEOUT_MS = 5000;
const LEAVE_INTERVAL_MS = 100;

/**
 * Decides which cameras this process records. A camera that another recorder has taken over goes on here until it is
 * recorded there, so that a hand-over leaves no gap; the converter makes one minute of what was recorded twice. While
 * Redis is away everything goes on as it was.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #startedMs = performance.now();
  /** Since when cameras run here whose lease another recorder holds. */
  readonly #lostMs = new Map<string, number>();
  #running: ReadonlySet<string> = new Set();
  #asked: ReadonlySet<string> = new Set();
  #answer: LeaseAnswer | undefined;
  #isLeaving = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** Begins to ask, twice a second. */
  start(): void {
    void this.#renew();
  }

  /** The other recorders that were alive when Redis answered last. */
  get others(): readonly string[] {
    return this.#answer?.others ?? [];
  }

  /**
   * Gives all leases back, and goes on with each camera until another recorder has it: for 5 s at most, and not at all
   * when there is no other.
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
      return undefined; // connectRedis has told that Redis is away
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

  /** Redis cannot be asked: what runs goes on, and cameras of which the others may not know yet are recorded as well. */
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
