import { STATUS_CODES } from "node:http";

/** The problems that a client can tell apart by their `type`; docs/api.md explains each. */
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
  "upgrade-required",
  "codec-change",
  "range-too-long",
  "too-many-requests",
  "unavailable",
  "internal",
] as const;

export type ProblemKind = (typeof PROBLEM_KINDS)[number];

/** The body of an error answer: problem details of RFC 9457 §3.1. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  /** Members that are the problem's own (§3.2). */
  [member: string]: unknown;
}

/** An error whose message may be shown to the client as it stands: it names no path of this machine and no secret. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Members of the answer's own, beside those of every problem. */
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

/** The problem's details for the request target `instance`. */
export function problemDetails(problem: Problem, instance: string): ProblemDetails {
  return {
    type: `urn:hindsight:problem:${problem.kind}`,
    title: STATUS_CODES[problem.status] ?? "Error",
    status: problem.status,
    detail: problem.message,
    instance: uriReference(instance),
    ...problem.members,
  };
}

/** 404: no camera of that id was ever configured here. */
export function unknownCamera(camera: string): Problem {
  return new Problem("unknown-camera", 404, `There is no camera "${excerpt(camera)}", nor was there ever one.`);
}

/** 429: one client has as much at once as it may. `what` is plural: "event streams". */
export function tooManyOfClient(what: string, most: number): Problem {
  const detail =
    `This client has ${most} ${what}, and may not have more at once; close some. Where clients come through a proxy, name it ` +
    "in api.trustedProxies, or all of them count as one.";
  return new Problem("too-many-requests", 429, detail, { "Retry-After": "5" });
}

/** 400: text of a request, shortened, for use in a message. */
export function invalidDate(text: string): Problem {
  return new Problem("invalid-date", 400, `"${excerpt(text)}" is not a day of the calendar, written YYYYMMDD.`);
}

/** 503: the disk that holds the footage does not answer, or is not mounted. */
export function diskAway(): Problem {
  const detail = "The disk that holds this footage does not answer or is not mounted; system.json tells which it is.";
  return new Problem("unavailable", 503, detail, { "Retry-After": "10" });
}

/** What a client sent, cut to a length that fits a sentence, without control characters. */
export function excerpt(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cs}"]/gu, "?");
  return printable.length > 80 ? `${printable.slice(0, 80)}…` : printable;
}

/** RFC 9457 §3.1.5 wants a URI reference: a target that is none (a stray %) is escaped, and a very long one cut. */
function uriReference(target: string): string {
  const cut = target.slice(0, 500);
  return cut.replace(/%(?![0-9A-Fa-f]{2})/g, "%25").replace(/[^\x21-\x7e]|["#<>\\^`{|}[\]]/g, "?");
}
