import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Authenticator, type AuthScheme } from "./auth.ts";
import type { RtspRequest } from "./rtsp-message.ts";

const OPTIONS = { user: "viewer", password: "o:pen sesame", qop: true };

function request(authorization?: string): RtspRequest {
  const headers = new Map(authorization === undefined ? [] : [["authorization", authorization]]);
  return { method: "DESCRIBE", uri: "rtsp://h/cam", headers, body: Buffer.alloc(0) };
}

/** Answers a Digest challenge according to RFC 2617 §3.2.2, independently of the code under test. */
function digest(challenge: string, algorithm: "md5" | "sha256", qop: boolean, password = OPTIONS.password): string {
  const hash = (text: string): string => createHash(algorithm).update(text).digest("hex");
  const value = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? "";
  const ha1 = hash(`${OPTIONS.user}:${value("realm")}:${password}`);
  const ha2 = hash("DESCRIBE:rtsp://h/cam");
  const response = hash(qop ? `${ha1}:${value("nonce")}:00000001:abc:auth:${ha2}` : `${ha1}:${value("nonce")}:${ha2}`);
  const more = qop ? ', qop=auth, nc=00000001, cnonce="abc"' : "";
  const name = algorithm === "sha256" ? ", algorithm=SHA-256" : "";
  return `Digest username="${OPTIONS.user}", realm="${value("realm")}", nonce="${value("nonce")}", uri="rtsp://h/cam", response="${response}"${more}${name}`;
}

test.each([
  ["digest-md5", "md5", true],
  ["digest-md5", "md5", false],
  ["digest-sha256", "sha256", true],
  ["digest-sha256", "sha256", false],
] as const)("%s (%s, qop %s) lets the right password in and no other", (scheme, algorithm, qop) => {
  const authenticator = new Authenticator({ ...OPTIONS, qop, schemes: [scheme] });
  const challenge = authenticator.check(request())?.[0]?.[1] ?? "";
  expect(challenge.includes("qop")).toBe(qop);
  expect(authenticator.check(request(digest(challenge, algorithm, qop, "wrong")))).toBeDefined();
  expect(authenticator.check(request(digest(challenge, algorithm, qop)))).toBeUndefined();
});

test("Basic is let in only where it is offered", () => {
  const header = `Basic ${Buffer.from(`${OPTIONS.user}:${OPTIONS.password}`).toString("base64")}`;
  const check = (...schemes: AuthScheme[]) => new Authenticator({ ...OPTIONS, schemes }).check(request(header));
  expect(check("basic")).toBeUndefined();
  expect(check("digest-md5")).toBeDefined();
});

test("a nonce goes stale, and the new one is good", () => {
  const authenticator = new Authenticator({ ...OPTIONS, schemes: ["digest-md5"], staleAfterRequests: 1 });
  const challenge = authenticator.check(request())?.[0]?.[1] ?? "";
  expect(authenticator.check(request(digest(challenge, "md5", true)))).toBeUndefined();
  const stale = authenticator.check(request(digest(challenge, "md5", true)))?.[0]?.[1] ?? "";
  expect(stale).toContain("stale=true");
  expect(authenticator.check(request(digest(stale, "md5", true)))).toBeUndefined();
});
