import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { CameraAwayError, CameraRefusedError } from "../errors/camera-error.ts";
import {
  answer,
  goodAnswer,
  interleaved,
  type Script,
  ScriptedServer,
  type SeenRequest,
} from "../testing/scripted-server.ts";
import { BatchedSockets } from "./batched-socket.ts";
import { RtspSession, type SessionHandler } from "./session.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

class Log implements SessionHandler {
  readonly rtpPackets: string[] = [];
  readonly rtcpPackets: string[] = [];
  readonly closings: CameraAwayError[] = [];
  described = () => {};
  batchEnd = () => {};
  heard = () => {};
  rtp = (bytes: Buffer, start: number, end: number) => void this.rtpPackets.push(bytes.toString("latin1", start, end));
  rtcp = (bytes: Buffer, start: number, end: number) =>
    void this.rtcpPackets.push(bytes.toString("latin1", start, end));
  closed = (error: CameraAwayError) => void this.closings.push(error);
}

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(script);
  cleanups.push(() => server.stop());
  return server;
}

function newSession(url: string): { session: RtspSession; log: Log } {
  const log = new Log();
  const session = new RtspSession(new BatchedSockets(20), url, log);
  cleanups.push(() => session.close());
  return { session, log };
}

function withUser(server: ScriptedServer, user = "admin:s3cret"): string {
  return server.url.replace("//", `//${user}@`);
}

function isAuthorized({ method, url, authorization }: SeenRequest, nonce: string): boolean {
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");
  const expected = md5(`${md5("admin:cam:s3cret")}:${nonce}:${md5(`${method}:${url}`)}`);
  return authorization?.includes(`nonce="${nonce}"`) === true && authorization.includes(`response="${expected}"`);
}

/** Waits until `done` returns true, or the test times out. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("RtspSession.open", () => {
  test("asks OPTIONS, DESCRIBE, SETUP, PLAY with the URLs of RFC 2326 §C.1.1 and passes the packets on", async () => {
    const server = await serve(goodAnswer);
    const { session, log } = newSession(withUser(server));
    await session.open();
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `OPTIONS ${server.url}`,
      `DESCRIBE ${server.url}`,
      `SETUP ${server.url}/trackID=1`,
      `PLAY ${server.url}/`,
    ]);
    expect(server.requests[3]?.head).toContain("\r\nSession: 77");
    for (const socket of server.sockets)
      socket.write(Buffer.concat([interleaved(0, "rtp"), interleaved(1, "rtcp"), interleaved(2, "x")]));
    await until(() => log.rtcpPackets.length > 0);
    expect([log.rtpPackets, log.rtcpPackets]).toEqual([["rtp"], ["rtcp"]]);
    session.close();
    await until(() => server.sockets.size === 0);
    expect(server.methods.at(-1)).toBe("TEARDOWN");
    expect(log.closings).toEqual([]);
  });

  test("answers a Digest challenge, once each, and goes on with a stale nonce renewed", async () => {
    let nonce = "first";
    const server = await serve((request) => {
      if (isAuthorized(request, nonce)) return goodAnswer(request);
      return answer("401 Unauthorized", { "WWW-Authenticate": `Digest realm="cam", nonce="${nonce}", stale=TRUE` });
    });
    const { session } = newSession(withUser(server));
    await session.open();
    expect(server.methods).toEqual(["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
    nonce = "second";
    session.keepAlive(performance.now() + 3_600_000);
    await until(() => server.methods.length === 7);
    expect(server.methods.slice(5)).toEqual(["GET_PARAMETER", "GET_PARAMETER"]);
    expect(isAuthorized(server.requests[6] as SeenRequest, "second")).toBe(true);
  });

  test("a wrong password is refused after one try, and not told", async () => {
    const server = await serve(() =>
      answer("401 Unauthorized", { "WWW-Authenticate": 'Digest realm="cam", nonce="n"' }),
    );
    const error = await newSession(withUser(server))
      .session.open()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CameraRefusedError);
    expect((error as CameraRefusedError).message).toMatch(/^401 Unauthorized/);
    expect((error as CameraRefusedError).advice).toMatch(/password/);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("s3cret");
    expect(server.methods).toEqual(["OPTIONS", "OPTIONS"]);
  });

  test("servers without OPTIONS are played, and kept alive by what they take", async () => {
    const server = await serve((request) =>
      request.method === "OPTIONS" ? answer("501 Not Implemented") : goodAnswer(request),
    );
    const { session } = newSession(server.url);
    await session.open();
    session.keepAlive(performance.now() + 9_000); // the timeout is 20 s
    session.keepAlive(performance.now() + 11_000);
    await until(() => server.methods.length === 6);
    expect(server.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "OPTIONS", "GET_PARAMETER"]);
  });

  test("follows a redirect to another server (RFC 2326 §11.2), and lets go of the first", async () => {
    const second = await serve(goodAnswer);
    const first = await serve((request) =>
      request.method === "DESCRIBE" ? answer("302 Moved", { Location: second.url }) : goodAnswer(request),
    );
    const { session } = newSession(withUser(first));
    await session.open();
    expect(second.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
    await until(() => first.sockets.size === 0);
  });

  test("redirects without end, or to something else, are refused", async () => {
    const server = await serve((request) =>
      request.method === "DESCRIBE" ? answer("301 Moved", { Location: "/round" }) : goodAnswer(request),
    );
    await expect(newSession(server.url).session.open()).rejects.toThrow(/too many redirects/);
    const other = await serve(() => answer("302 Moved", { Location: "http://h/" }));
    await expect(newSession(other.url).session.open()).rejects.toThrow(CameraRefusedError);
    await until(() => server.sockets.size === 0);
  });

  test("takes the channels that the server chose, and 0 and 1 when it names none", async () => {
    for (const [transport, channel] of [
      ["RTP/AVP/TCP;unicast;interleaved=4-5", 4],
      ["RTP/AVP/TCP;unicast", 0],
    ] as const) {
      const server = await serve((request) =>
        request.method === "SETUP" ? answer("200 OK", { Session: "1", Transport: transport }) : goodAnswer(request),
      );
      const { session, log } = newSession(server.url);
      await session.open();
      for (const socket of server.sockets)
        socket.write(Buffer.concat([interleaved(channel, "a"), interleaved(channel + 1, "b")]));
      await until(() => log.rtcpPackets.length > 0);
      expect([log.rtpPackets, log.rtcpPackets]).toEqual([["a"], ["b"]]);
    }
  });

  test("packets that overtake the answers to SETUP and PLAY are passed on", async () => {
    const server = await serve((request, socket) => {
      if (request.method === "SETUP") socket.write(interleaved(0, "early"));
      if (request.method === "PLAY") socket.write(interleaved(0, "first"));
      return goodAnswer(request);
    });
    const { session, log } = newSession(server.url);
    await session.open();
    expect(log.rtpPackets).toEqual(["early", "first"]);
  });

  test("answers without CSeq, after 100 Continue, and a Content-Base that is a path are understood", async () => {
    const server = await serve((request, socket) => {
      const text = goodAnswer(request).replace(/Content-Base: \S+/, "Content-Base: /other/");
      socket.write(request.method === "SETUP" ? `RTSP/1.0 100 Continue\r\n\r\n${text}` : text);
      return undefined;
    });
    const { session } = newSession(server.url);
    await session.open();
    expect(server.requests.at(-1)?.url).toBe(server.url.replace("live", "other/"));
  });

  test.each([
    ["404 Not Found", "DESCRIBE", /path/],
    ["453 Not Enough Bandwidth", "SETUP", /bandwidth/],
    ["461 Unsupported Transport", "SETUP", /transport/],
    ["302 Moved", "PLAY", /url/],
    ["500 Oops", "PLAY", /RTSP service/],
  ])("%s to %s is refused with advice, and nothing stays open", async (status, method, advice) => {
    const server = await serve((request) => (request.method === method ? answer(status) : goodAnswer(request)));
    const error = await newSession(server.url)
      .session.open()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CameraRefusedError);
    expect(error).toMatchObject({ message: `${status} to ${method}`, advice: expect.stringMatching(advice) });
    await until(() => server.sockets.size === 0);
  });

  test.each(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])(
    "close() while %s is unanswered ends open() with its reason",
    async (method) => {
      const server = await serve((request) => (request.method === method ? undefined : goodAnswer(request)));
      const { session, log } = newSession(server.url);
      const opening = session.open();
      void until(() => server.methods.at(-1) === method).then(() => session.close());
      const error = await opening.catch((e: unknown) => e);
      expect(error).toBeInstanceOf(CameraAwayError);
      expect((error as Error).message).toBe("the session was closed");
      expect(log.closings).toEqual([]);
      await until(() => server.sockets.size === 0);
    },
  );

  test("close() before open(), and before the connection stands, ends it, too", async () => {
    const server = await serve(goodAnswer);
    const early = newSession(server.url).session;
    early.close();
    await expect(early.open()).rejects.toThrow(CameraAwayError);
    const { session } = newSession(server.url);
    const opening = session.open();
    session.close();
    await expect(opening).rejects.toThrow("the session was closed");
    expect(server.methods).toEqual([]);
  });

  test("a server that hangs up in between, speaks no RTSP or is not there is away, and why is told", async () => {
    const hangsUp = await serve((request, socket) => {
      if (request.method !== "SETUP") return goodAnswer(request);
      socket.end();
      return undefined;
    });
    await expect(newSession(hangsUp.url).session.open()).rejects.toMatchObject({ name: "CameraAwayError" });
    const http = createServer((socket) => {
      socket.on("error", () => {}).resume();
      socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as { port: number };
    const error = await newSession(`rtsp://127.0.0.1:${port}/`)
      .session.open()
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ name: "CameraAwayError", advice: "is this the RTSP port of the camera?" });
    await new Promise((resolve) => http.close(resolve));
    await expect(newSession(`rtsp://127.0.0.1:${port}/`).session.open()).rejects.toMatchObject({
      message: `econnrefused (127.0.0.1:${port})`,
      advice: expect.stringMatching(/nothing listens/),
    });
    await expect(newSession(`rtsp://localhost:${port}/`).session.open()).rejects.toThrow(/^econnrefused \(.*127.0.0.1/);
  });
});

describe("an open RtspSession", () => {
  test("tells once that the camera hung up, and nothing when it was closed by us", async () => {
    const server = await serve(goodAnswer);
    const { session, log } = newSession(server.url);
    await session.open();
    for (const socket of server.sockets) socket.destroy();
    await until(() => log.closings.length > 0);
    session.close();
    expect(log.closings.map((error) => error.name)).toEqual(["CameraAwayError"]);
  });

  test("answers OPTIONS and GET_PARAMETER of the server, and refuses what else it asks (RFC 2326 §10)", async () => {
    const server = await serve(goodAnswer);
    await newSession(server.url).session.open();
    const ask = (method: string, cseq: number) => `${method} * RTSP/1.0\r\nCSeq: ${cseq}\r\n\r\n`;
    for (const socket of server.sockets) socket.write(ask("OPTIONS", 5) + ask("GET_PARAMETER", 6) + ask("ANNOUNCE", 7));
    await until(() => server.answers.length === 3);
    expect(server.answers.map((text) => text.replaceAll("\r\n", " "))).toEqual([
      "RTSP/1.0 200 OK CSeq: 5",
      "RTSP/1.0 200 OK CSeq: 6",
      "RTSP/1.0 501 Not Implemented CSeq: 7",
    ]);
  });

  test("hangs up on a server that asks without end and reads no answer", async () => {
    const server = await serve(goodAnswer);
    const { session, log } = newSession(server.url);
    await session.open();
    const questions = Buffer.from("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(10_000));
    for (const socket of server.sockets) {
      socket.pause();
      const ask = () => socket.writable && socket.write(questions, () => setTimeout(ask, 1));
      ask();
    }
    await until(() => log.closings.length > 0);
    expect(log.closings[0]?.message).toBe("the server does not read");
  });
});
