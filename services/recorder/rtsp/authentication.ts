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
  /** "digest" never sends the password itself, as Basic does. */
  auth?: "any" | "digest";
  /** Is read, and added to. */
  memory?: RtspMemory | undefined;
}

/** So many algorithms may a camera refuse in one session before user and password count as wrong. */
const MAX_REFUSALS = 2;

/**
 * Answers the challenges of a server: Digest before Basic, SHA-256 before MD5, and before both of them what the camera
 * took last. Of a camera that offers several algorithms not every one need work (gortsplib PR #863), so when one is
 * refused the next is tried. Cameras lock out whoever repeats a wrong password: each algorithm is tried once, and
 * one that was refused in an earlier session only when all were, one a session in turn.
 */
export class Authenticator {
  readonly #credentials: { user: string; password: string };
  readonly #allowsBasic: boolean;
  readonly #memory: RtspMemory;
  /** Methods that the camera wants user and password for: that it takes others tells nothing. */
  readonly #challengedMethods = new Set<string>();
  /** Algorithms that were refused in this session. */
  readonly #refused = new Set<string>();
  #challenge: Challenge | undefined;
  #nonceCount = 0;
  /** Whether the camera took a request with the present nonce: when it refuses it later, the nonce is too old. */
  #isNonceAccepted = false;
  /** Whether the present nonce is of an earlier connection, where nothing was sent with it. */
  #isNonceCarriedOver = false;
  #hasRenewedCarriedOver = false;
  #isBasicForbidden = false;

  constructor(user: string, password: string, { auth = "any", memory }: AuthenticatorOptions = {}) {
    this.#credentials = { user, password };
    this.#allowsBasic = auth === "any";
    this.#memory = memory ?? new RtspMemory();
  }

  /** Whether Basic is all that the camera offers, and is forbidden. */
  get isBasicForbidden(): boolean {
    return this.#isBasicForbidden;
  }

  /** The next request is the first of a new connection. */
  reconnected(): void {
    this.#isNonceCarriedOver = this.#challenge !== undefined;
  }

  /**
   * Takes the WWW-Authenticate fields of a 401. Returns whether the request is worth another try, and false when
   * nothing is left that has not been refused.
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

  /** The camera did what it was asked with the Authorization field. */
  accepted(method: string): void {
    if (this.#challenge === undefined || !this.#challengedMethods.has(method)) return;
    this.#isNonceAccepted = true;
    this.#isNonceCarriedOver = false;
    if (this.#challenge.scheme !== "digest") return;
    this.#memory.digestAlgorithm = algorithmOf(this.#challenge);
    this.#memory.refusedAlgorithms = [];
  }

  /** The Authorization field for a request, or undefined as long as the server has not asked for one. */
  authorize(method: string, url: string): string | undefined {
    if (this.#challenge === undefined) return undefined;
    const { user, password } = this.#credentials;
    if (this.#challenge.scheme === "basic") return basicAnswer(user, password);
    return digestAnswer(this.#credentials, this.#challenge, { method, url }, ++this.#nonceCount);
  }

  /** The challenge with a new nonce in the place of one that has become too old; undefined when it was refused. */
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
    // A camera that has refused Digest is not shown the password itself, also when it offers Basic alone from then on.
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

/** Whether the camera offers another nonce, or says that the one it repeats is to be used again (RFC 7616 §3.3). */
function isRenewal(before: Challenge, now: Challenge): boolean {
  if (now.scheme !== "digest") return false;
  const isStale = now.parameters.get("stale")?.toLowerCase() === "true";
  return isStale || now.parameters.get("nonce") !== before.parameters.get("nonce");
}
