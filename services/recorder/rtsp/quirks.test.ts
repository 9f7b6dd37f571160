import { afterEach, describe, expect, test } from "vitest";
import {
  answer,
  goodAnswer,
  rtpPacket,
  type Script,
  ScriptedServer,
  type SeenRequest,
  until,
} from "../testing/scripted-server.ts";
import { BatchedSockets } from "./batched-socket.ts";
import { RtspSession, type SessionHandler } from "./session.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A camera that does `script`, and behaves well where that returns "well". */
async function serve(script: (...given: Parameters<Script>) => ReturnType<Script> | "well"): Promise<ScriptedServer> {
  const server = await ScriptedServer.start((request, socket, count) => {
    const said = script(request, socket, count);
    return said === "well" ? goodAnswer(request) : said;
  });
  cleanups.push(() => server.stop());
  return server;
}

class Heard implements SessionHandler {
  readonly packets: string[] = [];
  readonly closings: Error[] = [];
  described = () => {};
  batchEnd = () => {};
  heard = () => {};
  rtcp = () => {};
  rtp = (bytes: Buffer, start: number, end: number) =>
    void this.packets.push(bytes.toString("latin1", start + 12, end));
  closed = (error: Error) => void this.closings.push(error);
}

function sessionAt(url: string): { session: RtspSession; heard: Heard } {
  const heard = new Heard();
  const session = new RtspSession(new BatchedSockets(20), url, heard);
  cleanups.push(() => session.close());
  return { session, heard };
}

async function open(url: string): Promise<{ session: RtspSession; heard: Heard }> {
  const opened = sessionAt(url);
  await opened.session.open();
  return opened;
}

/** The URLs that a method was asked with, less the host. */
function urlsOf(server: ScriptedServer, method: string): string[] {
  return server.requests.filter((one) => one.method === method).map(({ url }) => url.replace(/^[a-z]+:\/\/[^/?]*/, ""));
}

function describing(fields: Record<string, string>, session: string, track: string): string {
  const lines = ["v=0", "s=x", session, "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", track];
  return answer("200 OK", fields, `${lines.filter((line) => line !== "").join("\r\n")}\r\n`);
}

/** Answers DESCRIBE as given, and 404 to every SETUP and PLAY that is not of these paths. */
function strict(
  describe: (host: string) => string,
  setup: string,
  play?: string,
): (request: SeenRequest) => string | "well" {
  return ({ method, url }) => {
    const [, host = "", path = ""] = /^([a-z]+:\/\/[^/?]*)(.*)$/.exec(url) ?? [];
    if (method === "DESCRIBE") return describe(host);
    if (method === "SETUP" && path !== setup) return answer("404 Stream Not Found");
    if (method === "PLAY" && play !== undefined && path !== play) return answer("404 Stream Not Found");
    return "well";
  };
}

describe("URLs of SETUP and PLAY", () => {
  test.each([
    [
      "Dahua: the track behind the query",
      "/cam?c=1",
      (h: string) => describing({ "Content-Base": `${h}/cam?c=1/` }, "a=control:*", "a=control:trackID=0"),
      "/cam?c=1/trackID=0",
      "/cam?c=1/",
    ],
    [
      "Dahua DSS (gortsplib #121): the same behind a token",
      "/dss/p%241?token=6&trackID=0",
      (h: string) =>
        describing({ "Content-Base": `${h}/dss/p%241?token=6&trackID=0` }, "a=control:*", "a=control:trackID=0"),
      "/dss/p%241?token=6&trackID=0/trackID=0",
      undefined,
    ],
    [
      "Hikvision: absolute controls, each with its query",
      "/101",
      (h: string) =>
        describing({ "Content-Base": `${h}/101/` }, `a=control:${h}/101/?m=u`, `a=control:${h}/101/trackID=1?m=u`),
      "/101/trackID=1?m=u",
      "/101/?m=u",
    ],
    [
      "AXIS Companion (mediamtx #683): PLAY with the query of the presentation's control",
      "/media.amp",
      (h: string) =>
        describing(
          { "Content-Base": `${h}/media.amp/` },
          `a=control:${h}/media.amp?Axis-Orig-Sw=true`,
          `a=control:${h}/media.amp/stream=0?Axis-Orig-Sw=true`,
        ),
      "/media.amp/stream=0?Axis-Orig-Sw=true",
      "/media.amp?Axis-Orig-Sw=true",
    ],
    [
      "relative tracks below an absolute control of the presentation (as ffmpeg and live555)",
      "/a",
      (h: string) => describing({ "Content-Base": `${h}/wrong/` }, `a=control:${h}/right`, "a=control:track1"),
      "/right/track1",
      "/right",
    ],
    [
      "VStarcam (retina #9, #10): no control of the presentation, no Content-Base",
      "/tcp/av0_0",
      () => describing({}, "", "a=control:track0"),
      "/tcp/av0_0/track0",
      "/tcp/av0_0",
    ],
    [
      "SV3C (moonfire-nvr #356): Content-Base without a scheme",
      "/stream0",
      (h: string) => describing({ "Content-Base": `${h.slice(7)}/ch0/` }, "a=control:*", "a=control:t"),
      "/ch0/t",
      "/ch0/",
    ],
    [
      "icamra (go2rtc #208): Content-Base with its scheme twice",
      "/stream1",
      (h: string) => describing({ "Content-Base": `rtsp://${h}/stream1/` }, "a=control:*", "a=control:t"),
      "/stream1/t",
      "/stream1/",
    ],
    [
      "monibuca #58: Content-Base that is only a slash",
      "/live",
      () => describing({ "Content-Base": "/" }, "a=control:*", "a=control:t"),
      "/live/t",
      "/live",
    ],
    [
      "Beward (OvenMediaEngine #1245): Content-Base without its last slash",
      "/av0_1",
      (h: string) => describing({ "Content-Base": `${h}/av0_1` }, "", "a=control:trackID=1"),
      "/av0_1/trackID=1",
      "/av0_1",
    ],
    [
      "GW Security (retina PR #12): the track by RFC 3986",
      "/cam/real?c=1",
      () => describing({}, "a=control:*", "a=control:trackID=0"),
      "/cam/trackID=0",
      undefined,
    ],
    [
      "the query last",
      "/live?profile=1",
      () => describing({}, "a=control:*", "a=control:track1"),
      "/live/track1?profile=1",
      undefined,
    ],
    [
      "PLAY only without the slash",
      "/live",
      (h: string) => describing({ "Content-Base": `${h}/x/` }, "a=control:*", "a=control:t"),
      "/x/t",
      "/x",
    ],
    ["PLAY only with the slash", "/live", () => describing({}, "a=control:*", "a=control:t"), "/live/t", "/live/"],
    ["PLAY only of the track", "/live", () => describing({}, "a=control:*", "a=control:t"), "/live/t", "/live/t"],
    ["a track without control", "/live", () => describing({}, "a=control:*", "a=x"), "/live", "/live"],
    [
      "Content-Location where Content-Base is empty",
      "/live",
      () => describing({ "Content-Base": "", "Content-Location": "/other/" }, "", "a=control:t"),
      "/other/t",
      "/other/",
    ],
  ] as const)("%s", async (_, path, describe, setup, play) => {
    const server = await serve(strict(describe, setup, play));
    await open(server.url.replace("/live", path));
    expect(urlsOf(server, "SETUP").at(-1)).toBe(setup);
    if (play !== undefined) expect(urlsOf(server, "PLAY").at(-1)).toBe(play);
  });

  test("a camera that takes none of them is refused with its first answer, and not asked without end", async () => {
    const server = await serve(({ method }) => (method === "SETUP" ? answer("404 No") : "well"));
    await expect(sessionAt(server.url).session.open()).rejects.toThrow("404 No to SETUP");
    expect(urlsOf(server, "SETUP").length).toBeLessThanOrEqual(6);
    expect(new Set(urlsOf(server, "SETUP")).size).toBe(urlsOf(server, "SETUP").length);
  });

  test("a password that the camera puts into its URLs is not sent back in them", async () => {
    const server = await serve(
      strict(
        (h) =>
          describing(
            { "Content-Base": h.replace("//", "//u:hunter2@") },
            "a=control:*",
            `a=control:${h.replace("//", "//u:hunter2@")}/t`,
          ),
        "/t",
      ),
    );
    await open(server.url);
    expect(server.requests.map((one) => one.head).join()).not.toContain("hunter2");
  });
});

describe("authentication", () => {
  const challenge = 'Digest realm="cam", nonce="n1"';
  const withUser = (server: ScriptedServer) => server.url.replace("//", "//admin:s3cret@");

  test("a camera that closes the connection with its 401 gets user and password at once on the next", async () => {
    const server = await serve((request, socket) => {
      if (request.authorization !== undefined) return "well";
      socket.end(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${request.cseq}\r\nWWW-Authenticate: ${challenge}\r\n\r\n`);
      return undefined;
    });
    await open(withUser(server));
    expect(server.requests[0]?.authorization).toBeUndefined();
    expect(server.methods.slice(-4)).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
    expect(server.requests.slice(1).every((one) => one.authorization !== undefined)).toBe(true);
  });

  test("with a wrong password such a camera is refused as such, after two tries", async () => {
    const server = await serve((request, socket) => {
      socket.end(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${request.cseq}\r\nWWW-Authenticate: ${challenge}\r\n\r\n`);
      return undefined;
    });
    await expect(sessionAt(withUser(server)).session.open()).rejects.toMatchObject({
      name: "CameraRefusedError",
      message: "401 Unauthorized to OPTIONS",
      advice: expect.stringMatching(/password/),
    });
    expect(server.requests.filter((one) => one.authorization !== undefined).length).toBeLessThanOrEqual(2);
  });

  test.each(["DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER"])(
    "AXIS M5525 (SharpRTSP #126): a nonce that has gone stale at %s is renewed",
    async (method) => {
      let nonce = "n1";
      const server = await serve((request) => {
        if (request.method === method && nonce === "n1") nonce = "n2";
        if (request.authorization?.includes(`nonce="${nonce}"`)) return "well";
        return answer("401 Unauthorized", { "WWW-Authenticate": `Digest realm="cam", nonce="${nonce}"` });
      });
      const { session, heard } = await open(withUser(server));
      session.keepAlive(performance.now() + 3_600_000);
      await until(() => server.requests.at(-1)?.method === "GET_PARAMETER");
      await until(() => server.requests.at(-1)?.authorization?.includes('nonce="n2"') === true);
      expect(heard.closings).toEqual([]);
    },
  );
});

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

describe("redirects", () => {
  test.each(["301 Moved", "302 Moved", "303 See Other", "305 Use Proxy", "307 Temporary"])(
    "%s to any request",
    async (status) => {
      for (const method of ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]) {
        const second = await serve(() => "well");
        const first = await serve((request) =>
          request.method === method ? answer(status, { Location: second.url }) : "well",
        );
        await open(first.url);
        expect(second.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]);
      }
    },
  );

  test("mediamtx PR #4260: to a path on the same camera", async () => {
    const server = await serve(({ method, url }) =>
      method === "DESCRIBE" && url.endsWith("/live") ? answer("302 Moved", { Location: "/elsewhere" }) : "well",
    );
    await open(server.url);
    expect(urlsOf(server, "PLAY")).toEqual(["/elsewhere/"]);
  });

  test("REDIRECT of the camera (RFC 2326 §10.10) is followed while it opens, and ends an open session", async () => {
    const redirect = (url: string) => `REDIRECT * RTSP/1.0\r\nCSeq: 9\r\nLocation: ${url}\r\n\r\n`;
    const second = await serve(() => "well");
    const first = await serve(({ method }, socket) => {
      if (method !== "SETUP") return "well";
      socket.write(redirect(second.url));
      return undefined;
    });
    const { heard } = await open(first.url);
    expect(first.answers).toEqual([expect.stringMatching(/^RTSP\/1.0 200 OK\r\nCSeq: 9/)]);
    for (const socket of second.sockets) socket.write(redirect(first.url));
    await until(() => heard.closings.length > 0);
    expect(heard.closings[0]).toMatchObject({
      name: "CameraAwayError",
      message: expect.stringMatching(/another address/),
    });
  });
});

describe("packets", () => {
  const play = async (transport: string, ...packets: Buffer[]) => {
    const server = await serve(({ method }) =>
      method === "SETUP" ? answer("200 OK", { Session: "1", Transport: transport }) : "well",
    );
    const { heard } = await open(server.url);
    for (const socket of server.sockets) socket.write(Buffer.concat([...packets, rtpPacket(99, 96, 0, "end")]));
    for (const socket of server.sockets) socket.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    await until(() => server.answers.length === 1);
    return heard.packets;
  };

  test.each([
    ["retina #120: ssrc before interleaved", "RTP/AVP/TCP;ssrc=22345684;interleaved=2-3", 2],
    ["retina PR #138: ssrc with 0x, and wrong", "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0x6f7c", 0],
    ["gortsplib #72: the camera's own channels", "RTP/AVP/TCP;unicast;interleaved=4-5", 4],
    ["gortsplib #142: no channels in the answer", "RTP/AVP/TCP;unicast", 0],
    ["the video on another channel than answered", "RTP/AVP/TCP;unicast;interleaved=0-1", 6],
  ])("%s", async (_, transport, channel) => {
    const video = rtpPacket(channel, 96, 7, "video");
    expect(await play(transport, video, rtpPacket(8, 0, 7, "audio"), video)).toEqual(["video", "video"]);
  });

  test("Reolink RLC-410 (moonfire-nvr #114): what is left of another session is left out by its SSRC", async () => {
    const transport = "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=C517011F";
    const mine = rtpPacket(0, 96, 0xc517011f, "mine");
    const other = rtpPacket(0, 96, 0x5bf73f70, "other");
    expect(await play(transport, mine, other, mine, other)).toEqual(["mine", "mine"]);
    const restarted = await play(transport, mine, ...Array.from({ length: 1001 }, () => other));
    expect(restarted).toEqual(["mine", "other"]); // 1,000 in a row: the camera began anew
  });

  test("before SETUP are another session's, and those before the answer to PLAY ours (v4l2rtspserver, retina PR #46)", async () => {
    const server = await serve(({ method }, socket) => {
      if (method === "DESCRIBE") socket.write(rtpPacket(0, 96, 1, "leak"));
      if (method === "PLAY") socket.write(rtpPacket(0, 96, 2, "early"));
      return "well";
    });
    const { heard } = await open(server.url);
    expect(heard.packets).toEqual(["early"]);
  });

  test.each(["", "url=rtsp://wrong/x;seq=99999;rtptime=-5", ";;;,,,", "url=;ssrc=zz"])(
    "RTP-Info %j changes nothing",
    async (info) => {
      const server = await serve(({ method }, socket) => {
        if (method !== "PLAY") return "well";
        socket.write(rtpPacket(0, 96, 2, "video"));
        return answer("200 OK", info === "" ? {} : { "RTP-Info": info });
      });
      expect((await open(server.url)).heard.packets).toEqual(["video"]);
    },
  );
});

test("header names in any case, no Content-Type, bare LF", async () => {
  for (const change of [(text: string) => text.toUpperCase(), (text: string) => text.toLowerCase()]) {
    const server = await serve((request, socket) => {
      const [head = "", body = ""] = goodAnswer(request).split(/\r\n\r\n/);
      const [status = "", ...fields] = head.split("\r\n").filter((line) => !line.startsWith("Content-Type"));
      const lines = [status, `cSEQ: ${request.cseq}`, ...fields.map((line) => line.replace(/^[^:]+/, change))];
      socket.write(`${lines.join("\n")}\n\n${body}`);
      return undefined;
    });
    await open(server.url);
    expect(urlsOf(server, "PLAY")).toEqual(["/live/"]);
  }
});
