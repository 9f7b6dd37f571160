import { describe, expect, test } from "vitest";
import { type Heard, open, serve, sessionAt } from "../../testing/odd-camera.ts";
import {
  answer,
  goodAnswer,
  rtpPacket,
  type ScriptedServer,
  type SeenRequest,
  until,
} from "../../testing/scripted-server.ts";
import { RtspMemory } from "../rtsp-memory.ts";
import type { RtspSession } from "../session.ts";

/** Just above half of the camera's session timeout of 20 s. */
const DUE_MS = 10_001;

interface Opened {
  session: RtspSession;
  heard: Heard;
}

/** Sends video over the newest connection until `count` packets were received. */
async function playsOn(server: ScriptedServer, opened: Opened, count = 1): Promise<Opened> {
  const wanted = opened.heard.packets.length + 1;
  const socket = [...server.sockets].at(-1);
  for (let n = 0; n < count; n++) socket?.write(rtpPacket(0, 96, 1, "x".repeat(100)));
  while (opened.heard.packets.length < wanted) {
    expect(opened.heard.closings).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return opened;
}

describe("OPTIONS and keep-alive", () => {
  test.each([
    "405 Method Not Allowed",
    "501 Not Implemented",
    "454 Session Not Found",
    "551 Option not supported",
    "404 Not Found",
  ])("OPTIONS answered with %s (Dahua: rtsp-simple-proxy #10) is done without", async (status) => {
    const server = await serve(({ method }) => (method === "OPTIONS" ? answer(status) : "well"));
    await open(server.url);
    expect(server.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
  });

  test("silence to OPTIONS is waited for a few seconds, and an answer that comes late confuses nothing", async () => {
    const server = await serve((request, socket) => {
      if (request.method === "OPTIONS") return undefined;
      if (request.method !== "DESCRIBE") return "well";
      socket.write(goodAnswer(request)); // without CSeq
      socket.write("RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: GET_PARAMETER\r\n\r\n");
      return undefined;
    });
    const { session } = sessionAt(server.url);
    const opening = session.open();
    await until(() => server.methods.length === 1);
    session.keepAlive(performance.now());
    expect(server.methods).toEqual(["OPTIONS"]);
    session.keepAlive(performance.now() + 3100);
    await opening;
    expect(server.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
  });

  test("a camera that hangs up at OPTIONS is opened without", async () => {
    const server = await serve(({ method }, socket) => {
      if (method !== "OPTIONS") return "well";
      socket.end();
      return undefined;
    });
    const memory = new RtspMemory();
    await open(server.url, { memory });
    expect(server.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
    const { session } = await open(server.url, { memory });
    session.keepAlive(performance.now() + DUE_MS);
    await until(() => session.answeredMs !== undefined);
    expect(server.methods.slice(4)).toEqual(["DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER"]);
  });

  test('"C520WS" (retina #133): a keep-alive refused under the CSeq of an earlier request ends nothing', async () => {
    const server = await serve(({ method, cseq }, socket) => {
      if (method !== "GET_PARAMETER") return "well";
      socket.write(`RTSP/1.0 400 Bad Request\r\nCSeq: ${Number(cseq) - 1}\r\n\r\n`);
      return undefined;
    });
    const { session, heard } = await open(server.url);
    session.keepAlive(performance.now() + DUE_MS);
    await until(() => server.methods.at(-1) === "OPTIONS");
    expect(server.methods.slice(4)).toEqual(["GET_PARAMETER", "OPTIONS"]);
    expect(heard.closings).toEqual([]);
  });

  test.each([
    "454 Session Not Found", // thingino-firmware #490
    "400 Bad Request", // mediamtx #842
    "405 Method Not Allowed",
    "500 Internal Server Error",
    "302 Moved",
  ])(
    "a keep-alive answered with %s: the stream goes on, OPTIONS is asked at once, and by the next session, too",
    async (status) => {
      const server = await serve(({ method }) =>
        method === "GET_PARAMETER" ? answer(status, { Location: "rtsp://127.0.0.1:1/away" }) : "well",
      );
      const memory = new RtspMemory();
      const first = await open(server.url, { memory });
      first.session.keepAlive(performance.now() + DUE_MS);
      await until(() => server.methods.length === 6);
      expect(server.methods.slice(4)).toEqual(["GET_PARAMETER", "OPTIONS"]);
      const { session, heard } = await playsOn(server, first);
      session.close();
      const second = await open(server.url, { memory });
      second.session.keepAlive(performance.now() + DUE_MS);
      await until(() => server.methods.length > 6 && server.methods.at(-1) === "OPTIONS");
      expect(server.methods.slice(6)).toEqual(["TEARDOWN", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "OPTIONS"]);
      expect([...heard.closings, ...second.heard.closings]).toEqual([]);
    },
  );

  test("one that refuses everything is asked everything once, and plays on by RTCP reports alone", async () => {
    const isPlaying = ({ head }: SeenRequest) => head.includes("Session:");
    const server = await serve((request) =>
      isPlaying(request) && request.method !== "PLAY" ? answer("454 Session Not Found") : "well",
    );
    const opened = await open(server.url);
    opened.session.keepAlive(performance.now() + DUE_MS);
    await until(() => server.methods.length === 6);
    await playsOn(server, opened);
    for (let n = 2; n < 10; n++) opened.session.keepAlive(performance.now() + n * DUE_MS);
    await playsOn(server, opened);
    expect(server.methods.slice(4)).toEqual(["GET_PARAMETER", "OPTIONS"]);
  });

  test("Hipcam (SharpRTSP #63): GET_PARAMETER announced and never answered; OPTIONS is, without CSeq", async () => {
    const server = await serve((request, socket) => {
      if (request.method === "GET_PARAMETER") return undefined;
      if (request.method !== "OPTIONS" || !request.head.includes("Session:")) return "well";
      socket.write(goodAnswer(request));
      return undefined;
    });
    const memory = new RtspMemory();
    const opened = await open(server.url, { memory });
    const startMs = performance.now();
    opened.session.keepAlive(startMs + DUE_MS);
    await playsOn(server, opened);
    opened.session.keepAlive(startMs + DUE_MS + 4900);
    expect(server.methods.slice(4)).toEqual(["GET_PARAMETER"]);
    opened.session.keepAlive(startMs + DUE_MS + 5001);
    await until(() => opened.session.answeredMs !== undefined);
    expect(server.methods.slice(4)).toEqual(["GET_PARAMETER", "OPTIONS"]);
    expect(memory.keepAlive.order[0]).toBe("OPTIONS");
  });

  test("a camera that hangs up at GET_PARAMETER is asked OPTIONS by its next session", async () => {
    const server = await serve(({ method }, socket) => {
      if (method === "GET_PARAMETER") socket.end();
      return method === "GET_PARAMETER" ? undefined : "well";
    });
    const memory = new RtspMemory();
    const first = await open(server.url, { memory });
    first.session.keepAlive(performance.now() + DUE_MS);
    await until(() => first.heard.closings.length > 0);
    const second = await open(server.url, { memory });
    second.session.keepAlive(performance.now() + DUE_MS);
    await until(() => second.session.answeredMs !== undefined);
    expect(server.methods.filter((method) => method === "GET_PARAMETER")).toHaveLength(1);
    await playsOn(server, second);
  });

  test.each([
    ["no number for its length", "Content-Length: none\r\n\r\n"],
    ["a length without end", "Content-Length: 999999999\r\n\r\n"],
    ["a body that never comes", "Content-Length: 60\r\n\r\n"],
    ["a body that nobody announced", "\r\n<?xml version='1.0'?><garbage/>"],
  ])("a keep-alive answered with 200 and %s: the stream goes on, and another way is taken", async (_, rest) => {
    const server = await serve(({ method, cseq }, socket) => {
      if (method !== "GET_PARAMETER") return "well";
      socket.write(`RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\n${rest}`);
      return undefined;
    });
    const memory = new RtspMemory();
    const opened = await open(server.url, { memory });
    await playsOn(server, opened);
    const startMs = performance.now() + DUE_MS;
    opened.session.keepAlive(startMs);
    await until(() => server.methods.at(-1) === "GET_PARAMETER");
    for (let atMs = startMs + 100; memory.keepAlive.order[0] === "GET_PARAMETER"; atMs += 100) {
      await playsOn(server, opened, 3);
      opened.session.keepAlive(atMs);
    }
    expect(opened.heard.closings).toEqual([]);
    opened.session.keepAlive(startMs + DUE_MS);
    await until(() => server.methods.at(-1) === "OPTIONS");
  });

  test("silence to OPTIONS before the first session is waited for once: the next one begins without", async () => {
    const server = await serve(({ method }) => (method === "OPTIONS" ? undefined : "well"));
    const memory = new RtspMemory();
    const { session } = sessionAt(server.url, { memory });
    const opening = session.open();
    await until(() => server.methods.length === 1);
    session.keepAlive(performance.now() + 3100);
    await opening;
    const second = await open(server.url, { memory });
    expect(server.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "DESCRIBE", "SETUP", "PLAY"]);
    second.session.keepAlive(performance.now() + DUE_MS);
    await until(() => second.session.answeredMs !== undefined);
    expect(server.methods.at(-1)).toBe("GET_PARAMETER");
  });

  test.each([
    ["HiIpcam (ExoPlayer #3854)", "179539325971263; timeout=60", "179539325971263", 30_000],
    ["no timeout", "0", "0", 30_000],
    ["odd characters", "a+b/c=%20$.{1}!;timeout=15", "a+b/c=%20$.{1}!", 7500],
    ["a timeout of nothing", "1;timeout=0", "1", 30_000],
  ])("session %s: %s", async (_, field, id, intervalMs) => {
    const server = await serve(({ method }) =>
      method === "SETUP" ? answer("200 OK", { Session: field, Transport: "RTP/AVP/TCP;interleaved=0-1" }) : "well",
    );
    const { session } = await open(server.url);
    expect(server.requests.at(-1)?.head).toContain(`\r\nSession: ${id}\r\n`);
    session.keepAlive(performance.now() + intervalMs - 2000);
    session.keepAlive(performance.now() + intervalMs + 1);
    await until(() => server.methods.length === 5);
  });
});
