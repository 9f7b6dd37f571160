import { excerpt } from "../../../shared/http/problem-details.ts";

export { excerpt, problemDetails } from "../../../shared/http/problem-details.ts";

/** The problems that a client can distinguish by their `type`; docs/api.md explains each. */
export const PROBLEM_KINDS = [
  "bad-request",
  "invalid-date",
  "invalid-time",
  "unknown-camera",
  "no-footage",
  "no-such-resource",
  "method-not-allowed",
  "precondition-failed",
  "range-not-satisfiable",
  "cross-site",
  "unknown-host",
  "upgrade-required",
  "codec-change",
  "range-too-long",
  "too-many-requests",
  "unavailable",
  "internal",
] as const;

export type ProblemKind = (typeof PROBLEM_KINDS)[number];

/** An error whose message is sent to the client as it is: it must contain no path of this machine and no secret. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Additional members of the answer (RFC 9457 §3.2). */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    kind: ProblemKind,
    status: number,
    detail: string,
    headers: Record<string, string> = {},
    members: Record<string, unknown> = {},
  ) {
    super(detail);
    this.name = "Problem";
    this.kind = kind;
    this.status = status;
    this.headers = headers;
    this.members = members;
  }
}

/** 404: no camera of that id was ever configured here. */
export function unknownCamera(camera: string): Problem {
  return new Problem("unknown-camera", 404, `There is no camera "${excerpt(camera)}", nor was there ever one.`);
}

/** 429: a client has reached its limit. `what` is plural: "event streams". */
export function tooManyOfClient(what: string, most: number): Problem {
  const detail =
    `This client has ${most} ${what}, and may not have more at once; close some. Where clients come through a proxy, name it ` +
    "in api.trustedProxies, or all of them count as one.";
  return new Problem("too-many-requests", 429, detail, { "Retry-After": "5" });
}

/** 400: a text of the request is not a day; the message quotes it, shortened. */
export function invalidDate(text: string): Problem {
  return new Problem("invalid-date", 400, `"${excerpt(text)}" is not a day of the calendar, written YYYYMMDD.`);
}

/** 503: the disk that holds the footage does not answer, or is not mounted. */
export function diskAway(): Problem {
  const detail = "The disk that holds this footage does not answer or is not mounted; system.json tells which it is.";
  return new Problem("unavailable", 503, detail, { "Retry-After": "10" });
}
