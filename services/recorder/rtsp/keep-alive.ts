import { RedirectedError, RtspRefusal } from "./errors.ts";
import { type KeepAliveWay, type KeepAliveWays, movedToEnd } from "./keep-alive-ways.ts";

export interface KeepAliveOptions {
  /** What earlier sessions of the camera have shown; this one adds to it. */
  ways: KeepAliveWays;
  /** Time without keep-alives after which the camera ends a session. */
  timeoutMs: number;
  /** When the session began to play, by performance.now(). */
  sinceMs: number;
  /** Sends a request that names the session; resolves with its answer of status 2xx. */
  send(method: string): Promise<unknown>;
  /** From now on an answer without a known CSeq belongs to none of the requests sent until now. */
  passOver(): void;
  /** Number of garbage bytes from the camera so far. */
  garbageBytes(): number;
}

interface Question {
  way: KeepAliveWay;
  /** By performance.now(). */
  sinceMs: number;
  /** Whether anything came from the camera since then. */
  hasHeard: boolean;
  state: "open" | "answered" | "unanswered";
}

/**
 * A keep-alive without an answer counts as ignored after this time, or after half of the interval if that is shorter.
 */
const ANSWER_TIMEOUT_MS = 5000;
/** What a camera does within this time after a keep-alive counts as a consequence of it. */
const CONSEQUENCE_MS = 2000;
/** A session that the camera ends between these multiples of its timeout was perhaps not kept alive. */
const MIN_AGE = 0.9;
const PROVEN_AGE = 2;

/**
 * Keeps one session alive (RFC 2326 §12.37): a request is due half of the timeout after the last one. No answer to it
 * ends the session; when it is refused or ignored the next way is tried at once, and `ways` keeps what was learned for
 * the next session. docs/cameras.md describes what cameras do.
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #intervalMs: number;
  readonly #answerTimeoutMs: number;
  /** The ways of this session: one that failed is tried again only after all others. */
  #order: readonly KeepAliveWay[];
  #wayMs: number;
  #nowMs: number;
  /** When a regular request was last due; undefined before the first. */
  #turnMs: number | undefined;
  #question: Question | undefined;
  #answeredMs: number | undefined;
  /** The value of `garbageBytes` at the last check. */
  #garbageBytes: number;
  /** Garbage also came at other times (Reolink, retina #17), so it is not a consequence of keep-alives. */
  #hasOtherGarbage = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#garbageBytes = options.garbageBytes();
    this.#order = options.ways.order;
    this.#intervalMs = options.timeoutMs / 2;
    this.#answerTimeoutMs = Math.min(ANSWER_TIMEOUT_MS, this.#intervalMs / 2);
    this.#nowMs = this.#wayMs = options.sinceMs;
  }

  /** When the camera last answered a keep-alive with 2xx, by performance.now(); undefined before the first time. */
  get answeredMs(): number | undefined {
    return this.#answeredMs;
  }

  /**
   * Does what is due. To be called regularly.
   * @param hasHeard whether anything came from the camera since the last call
   * @param maxIntervalMs sends a request after this time already, because the camera has become silent
   */
  tick(nowMs: number, hasHeard: boolean, maxIntervalMs = Number.POSITIVE_INFINITY): void {
    this.#nowMs = nowMs;
    this.#judge(nowMs, hasHeard);
    const { ways, timeoutMs, sinceMs } = this.#options;
    if (nowMs - this.#wayMs > timeoutMs * PROVEN_AGE && !ways.isProven(this.#way)) ways.proved(this.#way);
    const isDue = nowMs - (this.#turnMs ?? sinceMs) >= this.#intervalMs;
    if (isDue) this.#turnMs = nowMs;
    const isUrgent = nowMs - (this.#question?.sinceMs ?? sinceMs) >= maxIntervalMs;
    if ((isDue || isUrgent) && this.#question?.state !== "open") this.#ask();
  }

  /**
   * The session has ended, but not by us.
   * @param heardMs when a camera that became silent last sent something; undefined when it ended the session just now
   */
  ended(heardMs?: number): void {
    const { ways, sinceMs, timeoutMs } = this.#options;
    const question = this.#question;
    const endMs = heardMs ?? this.#nowMs;
    const askedMs = heardMs === undefined ? question?.sinceMs : this.#turnMs; // not one caused by the silence
    const afterMs = endMs - (askedMs ?? Number.POSITIVE_INFINITY);
    const age = (endMs - sinceMs) / timeoutMs;
    if (question !== undefined && afterMs >= 0 && afterMs <= CONSEQUENCE_MS) ways.failed(question.way);
    else if (age >= MIN_AGE && age <= PROVEN_AGE && !ways.isProven(this.#way)) ways.failed(this.#way);
  }

  get #way(): KeepAliveWay {
    return this.#order[0] ?? "RTCP";
  }

  /** Changes to the next way when the last request caused garbage, or is unanswered although the camera sends. */
  #judge(nowMs: number, hasHeard: boolean): void {
    const isGarbage = this.#isGarbageByQuestion(nowMs);
    const question = this.#question;
    if (question === undefined || question.way !== this.#way) return;
    question.hasHeard ||= hasHeard;
    const afterMs = nowMs - question.sinceMs;
    const isIgnored = question.state === "open" && question.hasHeard && afterMs >= this.#answerTimeoutMs;
    if (!isGarbage && !isIgnored) return;
    this.#failed(question);
    if (question.state !== "open") return;
    question.state = "unanswered";
    this.#options.passOver();
    this.#ask();
  }

  /** Whether garbage came since the last call, as a consequence of the last request. */
  #isGarbageByQuestion(nowMs: number): boolean {
    const garbageBytes = this.#options.garbageBytes();
    if (garbageBytes === this.#garbageBytes) return false;
    this.#garbageBytes = garbageBytes;
    const isConsequence = this.#question !== undefined && nowMs - this.#question.sinceMs <= CONSEQUENCE_MS;
    this.#hasOtherGarbage ||= !isConsequence;
    return isConsequence && !this.#hasOtherGarbage;
  }

  #ask(): void {
    const way = this.#way;
    if (way === "RTCP") return;
    const question: Question = { way, sinceMs: this.#nowMs, hasHeard: false, state: "open" };
    this.#question = question;
    this.#options.send(way).then(
      () => this.#answered(question),
      (error: unknown) => this.#refused(question, error),
    );
  }

  #answered(question: Question): void {
    this.#answeredMs = performance.now();
    const isLate = question.state === "unanswered";
    question.state = "answered";
    if (!isLate) return;
    this.#options.ways.preferred(question.way); // it is slow, but it answers
    this.#order = this.#options.ways.order;
  }

  /** Other errors mean that the connection has ended, which the session handles anyway. */
  #refused(question: Question, error: unknown): void {
    if (question.state !== "open" || !(error instanceof RtspRefusal || error instanceof RedirectedError)) return;
    question.state = "answered";
    if (error instanceof RtspRefusal && error.status === 401) {
      this.#order = ["RTCP"]; // cameras lock out clients that repeat a wrong password
      return;
    }
    this.#failed(question);
    this.#ask();
  }

  #failed({ way }: Question): void {
    this.#options.ways.failed(way);
    this.#order = movedToEnd(this.#order, way);
    this.#wayMs = this.#nowMs;
  }
}
