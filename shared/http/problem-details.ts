import { STATUS_CODES } from "node:http";

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

/** What problem details are made of. */
export interface ProblemFacts {
  kind: string;
  status: number;
  message: string;
  members?: Readonly<Record<string, unknown>>;
}

/** The problem's details for the request target `instance`. */
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
