import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "./config.ts";
import { readFrameSei, splitAnnexB } from "./h264.ts";
import type { AccessUnitLine, LogLine } from "./log.ts";
import { readPixelCounter } from "./pixel-counter.ts";
import { createRandom } from "./random.ts";
import { type Ports, Simulator } from "./simulator.ts";

const run = promisify(execFile);
const SMALL = { width: 320, height: 192, fps: 25, seconds: 4, bitrateKbit: 600, gopFrames: 12 };
const folder = mkdtempSync(join(tmpdir(), "simulator-test-"));
const logFile = join(folder, "log", "sent.jsonl");
const login = { user: "viewer", password: "sesame" };
let simulator: Simulator;
let ports: Ports;

beforeAll(async () => {
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
    ...["-subj", "/CN=localhost", "-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")],
  ]);
  const config = parseConfig({
    port: 0,
    cacheDir: join(tmpdir(), "hindsight-camera-simulator"),
    logFile,
    tls: { port: 0, keyFile: join(folder, "key.pem"), certFile: join(folder, "cert.pem") },
    cameras: [
      { id: "plain", clip: SMALL },
      { id: "locked", clip: SMALL, auth: { ...login, schemes: ["digest-sha256", "digest-md5", "basic"] } },
      {
        ...{ id: "reordered", clip: { ...SMALL, bFrames: 2, slices: 3 }, join: "gop-cache" },
        ...{ aggregate: true, accessUnitDelimiters: true, initialTimestamp: 2 ** 32 - 90_000 },
      },
      { id: "crowded", clip: SMALL, tracks: ["metadata", "audio", "video"], quirks: { controlUrls: "query" } },
      { id: "shared", clip: SMALL, countable: false, join: "immediately" },
      { id: "steady", clip: SMALL, parameterSets: "in-band" },
      { id: "impatient", clip: SMALL, sessionTimeoutS: 1, keepAlive: "requests" },
      ...["lossy", "unordered", "stalling", "drifting", "lying"].map((id) => ({
        id,
        clip: { ...SMALL, label: "faulty" },
        initialSequence: 1000,
      })),
      { id: "endless", clip: { ...SMALL, gopFrames: 5 } },
      { id: "changing", clip: SMALL },
      {
        ...{ id: "odd-keep-alives", clip: SMALL, faults: { sparse: { seconds: 60 } }, senderReportMs: 0 },
        quirks: { keepAlives: { GET_PARAMETER: 454, SET_PARAMETER: "silence", OPTIONS: "hang-up" } },
      },
      { id: "odd-text", clip: SMALL, quirks: { headerCase: "lower", bareLineFeeds: true, trailingSpaces: true } },
      { id: "odd-urls", clip: SMALL, quirks: { strictUrls: true, controlUrls: "absolute", interleaved: "own" } },
      {
        ...{ id: "odd-start", clip: SMALL, join: "gop-cache", parameterSets: "sdp" },
        quirks: { dataBeforePlayAnswer: true, rtpInfo: "wrong", transportSsrc: "wrong", omitContentBase: true },
      },
      { id: "phased", clip: { ...SMALL, seconds: 60 }, phase: "minute" },
    ],
  });
  simulator = new Simulator(config);
  ports = await simulator.start();
});

afterAll(() => {
  simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Packet {
  pts_time: string;
  flags: string;
  data_hash: string;
}

function url(camera: string): string {
  return `rtsp://127.0.0.1:${ports.port}/${camera}`;
}

/** What ffprobe receives in a number of seconds. Each access unit is one packet. */
async function probe(address: string, transport: "tcp" | "udp" = "tcp", seconds = 2): Promise<Packet[]> {
  const { stdout } = await run(
    "ffprobe",
    [
      ...["-v", "error", "-rtsp_transport", transport, "-select_streams", "v", "-read_intervals", `%+${seconds}`],
      ...["-show_packets", "-show_data_hash", "SHA256", "-of", "json", address],
    ],
    { timeout: 20_000, maxBuffer: 1e8 },
  );
  return (JSON.parse(stdout) as { packets: Packet[] }).packets;
}

function hashOf(packet: Packet | undefined): string {
  return packet?.data_hash.replace("SHA256:", "") ?? "";
}

async function control(method: string, path: string, body?: object): Promise<Response> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  return fetch(`http://127.0.0.1:${ports.controlPort}${path}`, init);
}

async function readLog(camera: string): Promise<LogLine[]> {
  await control("POST", "/flush");
  const lines = readFileSync(logFile, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as LogLine).filter((line) => line.camera === camera);
}

/** The access units of the camera's latest session. */
async function readUnits(camera: string): Promise<AccessUnitLine[]> {
  const lines = await readLog(camera);
  const session = lines.findLast((line) => line.event === "session-start");
  return lines.filter(
    (line): line is AccessUnitLine =>
      line.event === "access-unit" && session?.event === "session-start" && line.session === session.session,
  );
}

/**
 * The sequence numbers of a camera's first RTP packets, in the order in which a connection of our own receives them.
 */
async function receiveSequenceNumbers(camera: string, count: number): Promise<number[]> {
  const socket = connect(ports.port, "127.0.0.1");
  const numbers: number[] = [];
  let bytes = Buffer.alloc(0);
  socket.write(`SETUP ${url(camera)}/track0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n`);
  for await (const data of socket) {
    bytes = Buffer.concat([bytes, data as Buffer]);
    while (bytes.length >= 4) {
      const isPacket = bytes[0] === 0x24; // RFC 2326 section 10.12
      const length = isPacket ? 4 + bytes.readUInt16BE(2) : bytes.indexOf("\r\n\r\n") + 4;
      if (length < 4 || bytes.length < length) break;
      const session = /Session: (\w+);/.exec(isPacket ? "" : bytes.toString("latin1", 0, length))?.[1];
      if (session !== undefined) {
        socket.write(`PLAY ${url(camera)}/ RTSP/1.0\r\nCSeq: 2\r\nSession: ${session}\r\n\r\n`);
      }
      if (isPacket && bytes[1] === 0) numbers.push(bytes.readUInt16BE(6));
      bytes = bytes.subarray(length);
    }
    if (numbers.length >= count) break; // closes the socket
  }
  return numbers;
}

/**
 * Checks that the received packets are an uninterrupted part of those sent, from the first access unit on, with the
 * same times.
 */
function expectSame(received: Packet[], sent: AccessUnitLine[]): void {
  expect(received.length).toBeGreaterThan(20);
  expect(received.map(hashOf)).toEqual(sent.slice(0, received.length).map((unit) => unit.sha256));
  expect(new Set(received.map(hashOf)).size).toBe(received.length);
  // ffprobe guesses the first timestamps, or has none.
  const known = 4;
  const firstUs = sent[known]?.captureTimeUs ?? 0;
  const firstPts = Number(received[known]?.pts_time);
  received.forEach((packet, i) => {
    const sentUnit = sent[i] as AccessUnitLine;
    if (i > known) expect(Number(packet.pts_time) - firstPts).toBeCloseTo((sentUnit.captureTimeUs - firstUs) / 1e6, 3);
    expect(sentUnit.sentAtUs).toBeGreaterThanOrEqual(sentUnit.captureTimeUs);
    expect(sentUnit.dropped).toBe(false);
  });
}

describe.concurrent("what ffmpeg's tools receive is what the log says", () => {
  test("over TCP", async () => {
    const received = await probe(url("plain"));
    const sent = await readUnits("plain");
    expect(sent[0]?.keyframe).toBe(true);
    expectSame(received, sent);
  });

  test("over UDP, with Digest among other schemes", async () => {
    const address = url("locked").replace("//", `//${login.user}:${login.password}@`);
    expectSame(await probe(address, "udp"), await readUnits("locked"));
  });

  test("with B-frames, slices, STAP-A, delimiters, a burst of the current GOP, and timestamps that wrap", async () => {
    const received = await probe(url("reordered"), "tcp", 3);
    const sent = await readUnits("reordered");
    expect(received.map(hashOf)).toEqual(sent.slice(0, received.length).map((unit) => unit.sha256));
    const times = sent.map((unit) => unit.captureTimeUs);
    expect(times).not.toEqual([...times].sort((a, b) => a - b));
    expect(sent.some((unit) => unit.rtpTimestamp < 90_000 * 4)).toBe(true);
    expect(sent[0]?.rtpTimestamp).toBeGreaterThan(2 ** 32 - 100_000);
    const offset = Number(received[10]?.pts_time) - (times[10] as number) / 1e6;
    for (let i = 4; i < received.length; i++) {
      expect(Number(received[i]?.pts_time)).toBeCloseTo((times[i] as number) / 1e6 + offset, 3);
    }
  });

  test("with audio and metadata tracks before the video", async () => {
    expectSame(await probe(url("crowded")), await readUnits("crowded"));
  });

  test.each(["odd-text", "odd-urls", "odd-start"])("from a camera with quirks: %s", async (camera) => {
    const received = await probe(url(camera));
    const sent = await readUnits(camera);
    expect(received.length).toBeGreaterThan(20);
    // ffprobe ignores packets before the answer to PLAY.
    const first = sent.findIndex((unit) => unit.sha256 === hashOf(received[0]));
    const expected = sent.slice(first, first + received.length).map((unit) => unit.sha256);
    expect(received.map(hashOf)).toEqual(expected);
  });

  test("over TLS", async () => {
    const received = await probe(`rtsps://127.0.0.1:${ports.tlsPort}/steady`);
    expectSame(received, await readUnits("steady"));
  });

  test("with one clip for all, to several clients at once", async () => {
    await Promise.all([probe(url("shared")), probe(url("shared"), "udp")]);
    const lines = await readLog("shared");
    const units = lines.filter((line): line is AccessUnitLine => line.event === "access-unit");
    expect(units.length).toBeGreaterThan(80);
    for (const unit of units) {
      expect(unit.sha256).toBe(units.find((other) => other.clipIndex === unit.clipIndex)?.sha256);
    }
  });
});

test("every frame carries its number, its time, and its counter in the pixels", async () => {
  const file = join(folder, "frames.h264");
  await run("ffmpeg", ["-v", "error", "-rtsp_transport", "tcp", "-i", url("plain"), "-t", "1", "-c", "copy", file]);
  const sent = await readUnits("plain");
  const marks = splitAnnexB(readFileSync(file)).flatMap((nal) => readFrameSei(nal) ?? []);
  expect(marks.length).toBeGreaterThan(20);
  expect(marks).toEqual(sent.slice(0, marks.length).map(({ n, captureTimeUs }) => ({ n, captureTimeUs })));
  const { stdout } = await run("ffmpeg", ["-v", "error", "-i", file, "-f", "rawvideo", "-pix_fmt", "gray", "-"], {
    encoding: "buffer",
    maxBuffer: 1e8,
  });
  const size = SMALL.width * SMALL.height;
  const counters = marks.map((_, i) => readPixelCounter(stdout.subarray(i * size), SMALL.width));
  expect(counters).toEqual(sent.slice(0, marks.length).map((unit) => unit.clipIndex));
});

test("a clip in phase with the minute shows the true second", async () => {
  await probe(url("phased"), "tcp", 1);
  for (const { captureTimeUs, clipIndex } of await readUnits("phased")) {
    expect(((captureTimeUs / 1e6) % 60) * SMALL.fps).toBeCloseTo(clipIndex, 0);
  }
});

describe.concurrent("faults", () => {
  const set = (camera: string, faults: object): Promise<Response> =>
    control("POST", `/cameras/${camera}/faults`, faults);

  test("lost packets are lost, and the log says of which access units", async () => {
    await set("lossy", { loss: { probability: 0.05 }, seed: 9 });
    const received = await probe(url("lossy"), "udp");
    const sent = await readUnits("lossy");
    await control("DELETE", "/cameras/lossy/faults");
    const whole = new Set(received.map(hashOf));
    const damaged = sent.slice(0, 40).filter((unit) => unit.dropped);
    expect(damaged.length).toBeGreaterThan(0);
    sent.slice(0, 40).forEach((unit, i) => {
      // ffprobe joins the rest of a damaged access unit to its neighbours.
      const near = [sent[i - 1], unit, sent[i + 1]];
      if (unit.dropped) expect(whole.has(unit.sha256)).toBe(false);
      else if (near.every((other) => other?.dropped !== true)) expect(whole.has(unit.sha256)).toBe(true);
    });
  });

  test("reordered packets and late ones all arrive", async () => {
    const [seed, maxMs] = [9, 200];
    await set("unordered", { reorder: { probability: 0.1, distance: 2 }, jitter: { maxMs }, seed });
    const numbers = await receiveSequenceNumbers("unordered", 120);
    const sent = await readUnits("unordered");
    await control("DELETE", "/cameras/unordered/faults");
    const inOrder = [...numbers].sort((a, b) => a - b);
    expect(numbers).not.toEqual(inOrder);
    expect(inOrder.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, i) => 1000 + i));
    const random = createRandom(seed);
    expect(sent.length).toBeGreaterThan(20);
    for (const { sentAtUs, captureTimeUs } of sent) {
      expect(sentAtUs - captureTimeUs).toBeGreaterThanOrEqual(Math.floor(random.next() * maxMs * 1000));
    }
  });

  test("a stalled camera sends nothing and begins again with a keyframe; a cut one is away for a while", async () => {
    const receiving = probe(url("stalling"), "tcp", 3).catch(() => []);
    while ((await readUnits("stalling")).length < 10 || (await readLog("stalling")).at(-1)?.event !== "access-unit") {
      await pause(50);
    }
    await set("stalling", { stall: true, forMs: 800 });
    await pause(1600);
    const units = await readUnits("stalling");
    const gap = units.findIndex((unit, i) => i > 0 && unit.n !== (units[i - 1]?.n ?? 0) + 1);
    expect(units[gap]?.keyframe).toBe(true);
    expect((units[gap]?.sentAtUs ?? 0) - (units[gap - 1]?.sentAtUs ?? 0)).toBeGreaterThan(750_000);
    await set("stalling", { cut: { refuseForMs: 5000 } }); // long enough for an ffprobe to start on a busy machine
    const allowedAgain = pause(5300);
    await receiving;
    expect((await readLog("stalling")).findLast((line) => line.event === "session-end")).toMatchObject({
      reason: "cut",
    });
    await expect(probe(url("stalling"))).rejects.toThrow();
    await allowedAgain;
    expect((await probe(url("stalling"), "tcp", 1)).length).toBeGreaterThan(10);
  });

  test("an endless GOP has no keyframe after its first, and ffmpeg decodes it without complaint", async () => {
    const args = ["-v", "warning", "-rtsp_transport", "tcp", "-i", url("endless"), "-t", "7"];
    const watching = run("ffmpeg", [...args, "-f", "null", "-"], { timeout: 20_000 });
    while ((await readUnits("endless")).length === 0) await pause(50);
    await set("endless", { endlessGop: true });
    const { stderr } = await watching;
    const units = await readUnits("endless");
    expect(stderr).toBe("");
    expect(units.length).toBeGreaterThan(160);
    const last = units.findLastIndex((unit) => unit.keyframe);
    expect(units.length - last).toBeGreaterThan(140);
  });

  test("a camera changes its parameters in mid-stream, at a keyframe", async () => {
    const args = ["-v", "error", "-rtsp_transport", "tcp", "-i", url("changing"), "-t", "3", "-c", "copy"];
    const file = join(folder, "changing.h264");
    const receiving = run("ffmpeg", [...args, file]);
    while (!existsSync(file)) await pause(50);
    await set("changing", { parameterChange: { width: 640, height: 352, label: "changed" } });
    await receiving;
    const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries", "frame=width", "-of", "csv=p=0", file]);
    const widths = stdout.split("\n").map((line) => Number.parseInt(line, 10));
    expect(widths).toContain(320);
    expect(widths).toContain(640);
  });

  test("the camera's clock drifts and jumps", async () => {
    await set("drifting", { driftPpm: 100_000 });
    await probe(url("drifting"), "tcp", 1);
    const units = await readUnits("drifting");
    const [first, last] = [units[0] as AccessUnitLine, units.at(-1) as AccessUnitLine];
    const trueSeconds = (last.captureTimeUs - first.captureTimeUs) / 1e6;
    expect(((last.rtpTimestamp - first.rtpTimestamp) >>> 0) / 90_000 / trueSeconds).toBeCloseTo(1.1, 3);
    await control("DELETE", "/cameras/drifting/faults");
  });

  test("what a camera may answer wrongly, it does", async () => {
    const refused = async (faults: object): Promise<string> => {
      await set("lying", faults);
      const error = await probe(url("lying")).catch((reason: Error) => reason);
      await control("DELETE", "/cameras/lying/faults");
      return error instanceof Error ? error.message : "";
    };
    expect(await refused({ notFound: true })).toContain("404");
    expect(await refused({ refuseAuth: true })).toContain("401");
    expect(await refused({ refuseConnections: true })).not.toBe("");
    expect((await set("lying", { stall: "yes" })).status).toBe(400);
    expect((await set("nobody", {})).status).toBe(404);
  });
});

describe.concurrent("bad clients", () => {
  const talk = async (text: string): Promise<string> => {
    const socket = connect(ports.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data: Buffer) => {
      answer += data.toString("latin1");
    });
    socket.write(text);
    await Promise.race([once(socket, "close"), pause(300)]);
    socket.destroy();
    return answer;
  };

  test("nonsense is refused, and harms nobody", async () => {
    expect(await talk("hello\r\n\r\n")).toContain("400");
    expect(await talk("PLAY rtsp://h/plain RTSP/1.0\r\nCSeq: 1\r\n\r\n")).toContain("454");
    expect(await talk("JUMP rtsp://h/plain RTSP/1.0\r\nCSeq: 1\r\n\r\n")).toContain("501");
    expect(await talk("DESCRIBE rtsp://h/nobody RTSP/1.0\r\nCSeq: 1\r\n\r\n")).toContain("404");
    expect((await probe(url("plain"), "tcp", 1)).length).toBeGreaterThan(10);
  });

  test("requests that name a session are answered as oddly as they are to be, others well", async () => {
    const base = url("odd-keep-alives");
    const socket = connect(ports.port, "127.0.0.1");
    let heard = "";
    socket.on("data", (data: Buffer) => {
      heard += data.toString("latin1");
    });
    const ask = (line: string, cseq: number) => socket.write(`${line} RTSP/1.0\r\nCSeq: ${cseq}\r\n\r\n`);
    const until = async (text: RegExp) => {
      while (!text.test(heard)) await pause(10);
      return text.exec(heard)?.[1] ?? "";
    };
    ask(`OPTIONS ${base}`, 1);
    ask(`SETUP ${base}/track0 RTSP/1.0\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\nX:`, 2);
    const session = await until(/Session: (\w+)/);
    for (const [cseq, method] of ["SET_PARAMETER", "GET_PARAMETER", "OPTIONS"].entries()) {
      socket.write(`${method} ${base} RTSP/1.0\r\nCSeq: ${cseq + 3}\r\nSession: ${session}\r\n\r\n`);
    }
    await once(socket, "close");
    expect(heard.match(/RTSP\/1.0 \d+/g)).toEqual(["RTSP/1.0 200", "RTSP/1.0 200", "RTSP/1.0 454"]);
  });

  test("a client that sends no sign of life is dropped", async () => {
    const base = url("impatient");
    const socket = connect(ports.port, "127.0.0.1");
    socket.once("data", (data: Buffer) => {
      const session = /Session: (\w+);timeout=1/.exec(data.toString("latin1"))?.[1];
      socket.write(`PLAY ${base}/ RTSP/1.0\r\nCSeq: 2\r\nSession: ${session}\r\n\r\n`);
      socket.on("data", () => {});
    });
    socket.write(`SETUP ${base}/track0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n`);
    const begun = Date.now();
    await once(socket, "close");
    expect(Date.now() - begun).toBeGreaterThan(900);
    expect((await readLog("impatient")).at(-1)).toMatchObject({ event: "session-end", reason: "timeout" });
  });
});
