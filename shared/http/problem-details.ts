import { STATUS_CODES } from "node:http";

/** The body of an error response: problem details of RFC 9457 §3.1. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  /** Extension members of the problem type (§3.2). */
  [member: string]: unknown;
}

/** The input for problem details. */
export interface ProblemFacts {
  kind: string;
  status: number;
  message: string;
  members?: Readonly<Record<string, unknown>>;
}

/** The problem details for the request target `instance`. */
export function problemDetails({ kind, status, message, members }: ProblemFacts, instance: string): ProblemDetails {
  return {
    type: `urn:hindsight:problem:${kind}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: message,
    instance: uriReference(instance),
    ...members,
  };
}

/** A text that a client sent, without control characters, cut to a length that fits into a sentence. */
export function excerpt(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cs}"]/gu, "?");
  return printable.length > 80 ? `${printable.slice(0, 80)}…` : printable;
}

/**
 * RFC 9457 §3.1.5 requires a URI reference: a target that is none (a stray %) is escaped, and a very long one is cut.
 */
function uriReference(target: string): string {
  const cut = target.slice(0, 500);
  return cut.replace(/%(?![0-9A-Fa-f]{2})/g, "%25").replace(/[^\x21-\x7e]|["#<>\\^`{|}[\]]/g, "?");
}
