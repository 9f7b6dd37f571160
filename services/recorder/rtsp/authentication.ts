import {
  algorithmOf,
  basicAnswer,
  type Challenge,
  digestAnswer,
  isAnswerable,
  parseChallenges,
  strength,
} from "./challenge.ts";
import { RtspMemory } from "./rtsp-memory.ts";

export interface AuthenticatorOptions {
  /** "digest" forbids Basic, which sends the password itself. */
  auth?: "any" | "digest";
  /** Read and updated. */
  memory?: RtspMemory | undefined;
}

/** Number of algorithms that a camera may refuse in one session before user and password count as wrong. */
const MAX_REFUSALS = 2;

/**
 * Answers the challenges of a server: Digest before Basic, SHA-256 before MD5, but first the algorithm that the camera
 * accepted last. Not every algorithm that a camera offers need work (gortsplib PR #863), so when one is refused the
 * next is tried. Cameras lock out clients that repeat a wrong password: each algorithm is tried once. One that was
 * refused in an earlier session is only tried when all were, one per session in turn.
 */
export class Authenticator {
  readonly #credentials: { user: string; password: string };
  readonly #allowsBasic: boolean;
  readonly #memory: RtspMemory;
  /** Methods that were challenged: that the camera accepts others says nothing about user and password. */
  readonly #challengedMethods = new Set<string>();
  /** Algorithms that were refused in this session. */
  readonly #refused = new Set<string>();
  #challenge: Challenge | undefined;
  #nonceCount = 0;
  /** Whether the camera accepted a request with the current nonce: a later refusal means that the nonce has expired. */
  #isNonceAccepted = false;
  /** Whether the current nonce comes from an earlier connection and has not yet been accepted on this one. */
  #isNonceCarriedOver = false;
  #hasRenewedCarriedOver = false;
  #isBasicForbidden = false;

  constructor(user: string, password: string, { auth = "any", memory }: AuthenticatorOptions = {}) {
    this.#credentials = { user, password };
    this.#allowsBasic = auth === "any";
    this.#memory = memory ?? new RtspMemory();
  }

  /** Whether the camera offers only Basic, which is forbidden. */
  get isBasicForbidden(): boolean {
    return this.#isBasicForbidden;
  }

  /** The next request is the first of a new connection. */
  reconnected(): void {
    this.#isNonceCarriedOver = this.#challenge !== undefined;
  }

  /**
   * Takes the WWW-Authenticate fields of a 401. Returns whether to repeat the request; false when everything offered
   * has been refused.
   */
  challenge(fields: string[], method = ""): boolean {
    this.#challengedMethods.add(method);
    const offered = fields.flatMap(parseChallenges).filter(isAnswerable);
    const next = this.#renewed(offered) ?? this.#next(offered);
    if (next === undefined) return false;
    this.#challenge = next;
    this.#nonceCount = 0;
    this.#isNonceAccepted = false;
    return true;
  }

  /** The camera accepted a request with our Authorization field. */
  accepted(method: string): void {
    if (this.#challenge === undefined || !this.#challengedMethods.has(method)) return;
    this.#isNonceAccepted = true;
    this.#isNonceCarriedOver = false;
    if (this.#challenge.scheme !== "digest") return;
    this.#memory.digestAlgorithm = algorithmOf(this.#challenge);
    this.#memory.refusedAlgorithms = [];
  }

  /** The Authorization field for a request, or undefined before the server has sent a challenge. */
  authorize(method: string, url: string): string | undefined {
    if (this.#challenge === undefined) return undefined;
    const { user, password } = this.#credentials;
    if (this.#challenge.scheme === "basic") return basicAnswer(user, password);
    return digestAnswer(this.#credentials, this.#challenge, { method, url }, ++this.#nonceCount);
  }

  /** The challenge with a new nonce that replaces an expired one; undefined when our answer itself was refused. */
  #renewed(offered: Challenge[]): Challenge | undefined {
    const before = this.#challenge;
    if (before === undefined) return undefined;
    const mayBeOld = this.#isNonceAccepted || (this.#isNonceCarriedOver && !this.#hasRenewedCarriedOver);
    if (mayBeOld && this.#isNonceCarriedOver) this.#hasRenewedCarriedOver = true;
    this.#isNonceCarriedOver = false;
    const same = offered.find((challenge) => algorithmOf(challenge) === algorithmOf(before));
    if (mayBeOld && same !== undefined && isRenewal(before, same)) return same;
    this.#refuse(algorithmOf(before));
    return undefined;
  }

  #refuse(algorithm: string): void {
    this.#refused.add(algorithm);
    const memory = this.#memory;
    if (memory.digestAlgorithm === algorithm) memory.digestAlgorithm = undefined;
    memory.refusedAlgorithms = [...memory.refusedAlgorithms.filter((one) => one !== algorithm), algorithm];
  }

  /** The best of those that may be tried. */
  #next(offered: Challenge[]): Challenge | undefined {
    const digests = offered.filter(({ scheme }) => scheme === "digest").sort((a, b) => strength(b) - strength(a));
    this.#isBasicForbidden = digests.length === 0 && offered.length > 0 && !this.#allowsBasic;
    // A camera that has refused Digest is not sent the password itself, even if it offers only Basic from then on.
    if (digests.length === 0) return this.#allowsBasic && this.#refused.size === 0 ? offered[0] : undefined;
    if (this.#refused.size >= MAX_REFUSALS) return undefined;
    const { digestAlgorithm, refusedAlgorithms } = this.#memory;
    const isRefused = (algorithm: string) => this.#refused.has(algorithm) || refusedAlgorithms.includes(algorithm);
    const untried = digests.filter((challenge) => !isRefused(algorithmOf(challenge)));
    const remembered = untried.find((challenge) => algorithmOf(challenge) === digestAlgorithm);
    if (untried.length > 0 || this.#refused.size > 0) return remembered ?? untried[0];
    const lastRefusal = (challenge: Challenge) => refusedAlgorithms.indexOf(algorithmOf(challenge));
    return digests.sort((a, b) => lastRefusal(a) - lastRefusal(b))[0];
  }
}

/** Whether the camera offers a new nonce, or says by `stale` that the password was not at fault (RFC 7616 §3.3). */
function isRenewal(before: Challenge, now: Challenge): boolean {
  if (now.scheme !== "digest") return false;
  const isStale = now.parameters.get("stale")?.toLowerCase() === "true";
  return isStale || now.parameters.get("nonce") !== before.parameters.get("nonce");
}
