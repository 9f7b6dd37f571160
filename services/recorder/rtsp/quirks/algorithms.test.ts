import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { open, serve, sessionAt } from "../../testing/odd-camera.ts";
import { answer, goodAnswer, type ScriptedServer, type SeenRequest } from "../../testing/scripted-server.ts";
import { RtspMemory } from "../rtsp-memory.ts";

/** Whether a request proves that its sender knows the password, by one algorithm (RFC 2069's form, without qop). */
function proves(password: string, algorithm: "MD5" | "SHA-256", { method, url, authorization = "" }: SeenRequest) {
  const hash = (text: string) =>
    createHash(algorithm === "MD5" ? "md5" : "sha256")
      .update(text)
      .digest("hex");
  const nonce = /nonce="([^"]*)"/.exec(authorization)?.[1] ?? "";
  const response = hash(`${hash(`admin:cam:${password}`)}:${nonce}:${hash(`${method}:${url}`)}`);
  return authorization.includes(`algorithm=${algorithm}`) && authorization.includes(`response="${response}"`);
}

interface Habits {
  offers: ("MD5" | "SHA-256")[];
  takes: "MD5" | "SHA-256" | "none";
  alsoBasic?: boolean;
  /** Whether it closes the connection with each 401. */
  hangsUp?: boolean;
  /** Whether each 401 brings another nonce. */
  renewsNonce?: boolean;
}

/** Requests that came after the camera had closed the connection and stopped reading. */
const unread = new WeakSet<SeenRequest>();

/** A camera that offers more algorithms than it understands. */
async function camera({ offers, takes, alsoBasic, hangsUp, renewsNonce }: Habits): Promise<ScriptedServer> {
  let nonce = 1;
  return serve((request, socket) => {
    if (socket.writableEnded) {
      unread.add(request);
      return undefined;
    }
    if (takes !== "none" && proves("s3cret", takes, request)) return "well";
    if (renewsNonce === true) nonce++;
    const fields = offers.map((algorithm) => `Digest realm="cam", nonce="n${nonce}", algorithm=${algorithm}`);
    if (alsoBasic === true) fields.push('Basic realm="cam"');
    const lines = fields.map((field) => `WWW-Authenticate: ${field}\r\n`).join("");
    const text = `RTSP/1.0 401 Unauthorized\r\nCSeq: ${request.cseq}\r\n${lines}\r\n`;
    if (hangsUp === true) socket.end(text);
    else socket.write(text);
    return undefined;
  });
}

const withUser = (server: ScriptedServer) => server.url.replace("//", "//admin:s3cret@");

/** The algorithms of the attempts, in order. */
const tries = ({ requests }: ScriptedServer) =>
  requests.flatMap((request) => {
    const { authorization } = request;
    if (authorization === undefined || unread.has(request)) return [];
    return /algorithm=([\w-]+)/.exec(authorization)?.[1] ?? "Basic";
  });

describe.each([true, false])("a nonce that changes at each refusal: %s", (renewsNonce) => {
  test.each([
    ["MD5", ["SHA-256", "MD5", "MD5", "MD5", "MD5"]],
    ["SHA-256", ["SHA-256", "SHA-256", "SHA-256", "SHA-256"]],
  ] as const)("gortsplib PR #863: SHA-256 and MD5 are offered, and %s is taken", async (takes, expected) => {
    const server = await camera({ offers: ["SHA-256", "MD5"], takes, renewsNonce });
    await open(withUser(server));
    expect(tries(server)).toEqual(expected);
    expect(server.methods.at(-1)).toBe("PLAY");
  });

  test("what the camera took is known at its next session, which refuses nothing", async () => {
    const server = await camera({ offers: ["SHA-256", "MD5"], takes: "MD5", renewsNonce });
    const memory = new RtspMemory();
    const { session } = await open(withUser(server), { memory });
    session.close();
    const before = server.requests.length;
    await open(withUser(server), { memory });
    const second = server.requests.slice(before).filter(({ method }) => method !== "TEARDOWN");
    expect(second.map(({ method }) => method)).toEqual(["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
    expect(second.slice(1).every(({ authorization }) => authorization?.includes("algorithm=MD5"))).toBe(true);
  });

  test("a wrong password costs one try of each algorithm, and from then on one try a session, in turn", async () => {
    const server = await camera({ offers: ["SHA-256", "MD5"], takes: "none", alsoBasic: true, renewsNonce });
    const memory = new RtspMemory();
    const refused = { name: "CameraRefusedError", advice: expect.stringMatching(/password/) };
    for (const expected of [["SHA-256", "MD5"], ["SHA-256"], ["MD5"], ["SHA-256"]]) {
      const before = tries(server).length;
      await expect(sessionAt(withUser(server), { memory }).session.open()).rejects.toMatchObject(refused);
      expect(tries(server).slice(before)).toEqual(expected);
    }
  });

  test("a password that was right and is not any more is tried once with each algorithm", async () => {
    const server = await camera({ offers: ["SHA-256", "MD5"], takes: "none", renewsNonce });
    const memory = Object.assign(new RtspMemory(), { digestAlgorithm: "MD5" });
    await expect(sessionAt(withUser(server), { memory }).session.open()).rejects.toThrow(/401/);
    expect(tries(server)).toEqual(["MD5", "SHA-256"]);
  });

  test("a camera that closes the connection with each 401 is asked with the other algorithm as well", async () => {
    const server = await camera({ offers: ["SHA-256", "MD5"], takes: "MD5", hangsUp: true, renewsNonce });
    await open(withUser(server));
    expect(server.methods.at(-1)).toBe("PLAY");
    expect(tries(server).filter((algorithm) => algorithm === "SHA-256").length).toBeLessThanOrEqual(2);
  });
});

test("a camera that took its password goes on with the same algorithm when a nonce has become too old", async () => {
  let nonce = "n1";
  const server = await serve((request) => {
    if (request.method === "SETUP") nonce = "n2";
    if (proves("s3cret", "MD5", request) && request.authorization?.includes(`nonce="${nonce}"`))
      return goodAnswer(request);
    const field = (algorithm: string) => `Digest realm="cam", nonce="${nonce}", algorithm=${algorithm}`;
    return answer("401 Unauthorized", { "WWW-Authenticate": `${field("SHA-256")}, ${field("MD5")}` });
  });
  await open(withUser(server));
  expect(tries(server)).toEqual(["SHA-256", "MD5", "MD5", "MD5", "MD5", "MD5"]);
});

test("a camera that takes OPTIONS with whatever user and password is not believed for it", async () => {
  const server = await serve((request) => {
    const isFree = request.method === "OPTIONS" && request.authorization !== undefined;
    if (isFree || proves("s3cret", "MD5", request)) return goodAnswer(request);
    const field = (algorithm: string) => `Digest realm="cam", nonce="n", algorithm=${algorithm}`;
    return answer("401 Unauthorized", { "WWW-Authenticate": `${field("SHA-256")}, ${field("MD5")}` });
  });
  await open(withUser(server));
  expect(tries(server)).toEqual(["SHA-256", "SHA-256", "MD5", "MD5", "MD5"]);
});

test("a camera that wants a password for DESCRIBE alone is not believed when it takes OPTIONS with one", async () => {
  const memory = new RtspMemory();
  /** The remembered algorithm at each DESCRIBE, after the camera had answered OPTIONS. */
  const believed = new Set<string | undefined>();
  const server = await serve((request, socket) => {
    if (request.method === "DESCRIBE") believed.add(memory.digestAlgorithm);
    if (request.method === "OPTIONS" || proves("s3cret", "MD5", request)) return goodAnswer(request);
    const field = (algorithm: string) => `Digest realm="cam", nonce="n", algorithm=${algorithm}`;
    const fields = `${field("SHA-256")}, ${field("MD5")}`;
    socket.end(`RTSP/1.0 401 No\r\nCSeq: ${request.cseq}\r\nWWW-Authenticate: ${fields}\r\n\r\n`);
    return undefined;
  });
  await open(withUser(server), { memory });
  expect(server.requests.some(({ method, authorization }) => method === "OPTIONS" && authorization)).toBe(true);
  expect(believed).toEqual(new Set([undefined]));
  expect(memory.digestAlgorithm).toBe("MD5");
});

describe('auth: "digest"', () => {
  test("Basic is never sent, and the refusal says what to do", async () => {
    const server = await camera({ offers: [], takes: "none", alsoBasic: true });
    await expect(sessionAt(withUser(server), { auth: "digest" }).session.open()).rejects.toMatchObject({
      name: "CameraRefusedError",
      advice: expect.stringMatching(/Basic.*auth/),
    });
    expect(tries(server)).toEqual([]);
    await expect(sessionAt(withUser(server), { auth: "any" }).session.open()).rejects.toThrow(/401/);
    expect(tries(server)).toEqual(["Basic"]);
  });

  test("a camera that refuses Digest is not sent the password by Basic, whatever auth says", async () => {
    for (const auth of ["any", "digest"] as const) {
      const server = await camera({ offers: ["MD5"], takes: "none", alsoBasic: true });
      await expect(sessionAt(withUser(server), { auth }).session.open()).rejects.toThrow(/401/);
      expect(tries(server)).toEqual(["MD5"]);
    }
  });

  test("nor when it offers Basic alone from then on", async () => {
    const server = await serve(({ authorization }) => {
      const field = authorization === undefined ? 'Digest realm="cam", nonce="n", algorithm=MD5' : 'Basic realm="cam"';
      return answer("401 Unauthorized", { "WWW-Authenticate": field });
    });
    await expect(sessionAt(withUser(server)).session.open()).rejects.toThrow(/401/);
    expect(tries(server)).toEqual(["MD5"]);
  });
});
