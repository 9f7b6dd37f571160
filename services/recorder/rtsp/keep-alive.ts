import { RedirectedError, RtspRefusal } from "./errors.ts";
import { type KeepAliveWay, type KeepAliveWays, movedToEnd } from "./keep-alive-ways.ts";

/** What a session's keep-alive is given. */
export interface KeepAliveOptions {
  /** What earlier sessions of the camera have shown, and what this one adds. */
  ways: KeepAliveWays;
  /** After so long without a sign of life the camera ends a session. */
  timeoutMs: number;
  /** When the session began to play, by performance.now(). */
  sinceMs: number;
  /** Sends a request that names the session; resolves with its answer of status 2xx. */
  send(method: string): Promise<unknown>;
  /** An answer that names no request belongs to none of those that were sent until now. */
  passOver(): void;
  /** Bytes from the camera that made no sense so far. */
  garbageBytes(): number;
}

interface Question {
  way: KeepAliveWay;
  /** By performance.now(). */
  sinceMs: number;
  /** Whether anything came from the camera since. */
  hasHeard: boolean;
  state: "open" | "answered" | "unanswered";
}

/** A keep-alive without an answer counts as ignored after so long, or after half of the interval when that is less. */
const ANSWER_TIMEOUT_MS = 5000;
/** What a camera does within this time of a keep-alive is taken for its answer. */
const CONSEQUENCE_MS = 2000;
/** A session that ends by itself between these multiples of its timeout was perhaps not kept alive. */
const MIN_AGE = 0.9;
const PROVEN_AGE = 2;

/**
 * Keeps one session alive (RFC 2326 §12.37): half of its timeout after the last request another one is due. Nothing
 * that the camera does with it ends the session; when it is refused or ignored the next way is tried at once, and what
 * was learned stands in `ways` for the next session. docs/cameras.md tells what cameras do.
 */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #intervalMs: number;
  readonly #answerTimeoutMs: number;
  /** The ways of this session: one that failed is not tried again before all others. */
  #order: readonly KeepAliveWay[];
  #wayMs: number;
  #nowMs: number;
  /** When a request was due in its turn last; undefined before the first. */
  #turnMs: number | undefined;
  #question: Question | undefined;
  #answeredMs: number | undefined;
  /** As far as they were looked at. */
  #garbageBytes: number;
  /** Garbage came at other times as well (Reolink, retina #17), so it is no consequence of keep-alives. */
  #hasOtherGarbage = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#garbageBytes = options.garbageBytes();
    this.#order = options.ways.order;
    this.#intervalMs = options.timeoutMs / 2;
    this.#answerTimeoutMs = Math.min(ANSWER_TIMEOUT_MS, this.#intervalMs / 2);
    this.#nowMs = this.#wayMs = options.sinceMs;
  }

  /** When the camera last answered that all is well, by performance.now(); undefined before it did. */
  get answeredMs(): number | undefined {
    return this.#answeredMs;
  }

  /**
   * Does what is due. To be called now and then.
   * @param hasHeard whether anything came from the camera since the last call
   * @param maxIntervalMs asks after so long already, for the camera has become silent
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
   * @param heardMs of a camera that fell silent, when it was last heard; undefined when it ended the session just now
   */
  ended(heardMs?: number): void {
    const { ways, sinceMs, timeoutMs } = this.#options;
    const question = this.#question;
    const endMs = heardMs ?? this.#nowMs;
    const askedMs = heardMs === undefined ? question?.sinceMs : this.#turnMs; // silence itself is asked about, too
    const afterMs = endMs - (askedMs ?? Number.POSITIVE_INFINITY);
    const age = (endMs - sinceMs) / timeoutMs;
    if (question !== undefined && afterMs >= 0 && afterMs <= CONSEQUENCE_MS) ways.failed(question.way);
    else if (age >= MIN_AGE && age <= PROVEN_AGE && !ways.isProven(this.#way)) ways.failed(this.#way);
  }

  get #way(): KeepAliveWay {
    return this.#order[0] ?? "RTCP";
  }

  /** Goes over to the next way when the last request has no answer although the camera sends, or brought garbage. */
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

  /** Other errors mean that the connection has ended, of which the session is told anyway. */
  #refused(question: Question, error: unknown): void {
    if (question.state !== "open" || !(error instanceof RtspRefusal || error instanceof RedirectedError)) return;
    question.state = "answered";
    if (error instanceof RtspRefusal && error.status === 401) {
      this.#order = ["RTCP"]; // cameras lock out whoever repeats a wrong password
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
