import { describe, expect, test } from "vitest";
import { open, serve, sessionAt } from "../../testing/odd-camera.ts";
import { answer, goodAnswer, until } from "../../testing/scripted-server.ts";

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
    await open(server.url);
    expect(server.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
  });

  test('"C520WS" (retina #133): a keep-alive refused under the CSeq of an earlier request ends nothing', async () => {
    const server = await serve(({ method, cseq }, socket) => {
      if (method !== "GET_PARAMETER") return "well";
      socket.write(`RTSP/1.0 400 Bad Request\r\nCSeq: ${Number(cseq) - 1}\r\n\r\n`);
      return undefined;
    });
    const { session, heard } = await open(server.url);
    for (let at = 3_600_000; server.methods.at(-1) !== "OPTIONS"; at += 3_600_000) {
      session.keepAlive(performance.now() + at);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(server.methods.filter((method) => method === "GET_PARAMETER")).toHaveLength(1);
    expect(heard.closings).toEqual([]);
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
