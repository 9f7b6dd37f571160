import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type CameraAwayError, CameraRefusedError } from "../../errors/camera-error.ts";
import {
  answer,
  goodAnswer,
  rtpPacket as interleavedRtp,
  type Script,
  ScriptedServer,
  until,
} from "../../testing/scripted-server.ts";
import { BatchedSockets } from "../batched-socket.ts";
import { RtspSession, type SessionHandler } from "../session.ts";
import { receiveBufferProblem } from "./udp-transport.ts";

const SSRC = 0xcafe;
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

class Log implements SessionHandler {
  readonly numbers: number[] = [];
  readonly rtcpPackets: string[] = [];
  readonly closings: CameraAwayError[] = [];
  /** The callbacks that were called, repetitions counted as one. */
  readonly calls: string[] = [];
  described = () => {};
  batchEnd = () => this.#note("batchEnd");
  heard = () => this.#note("heard");
  closed = (error: CameraAwayError) => {
    this.#note("closed");
    this.closings.push(error);
  };
  rtp = (bytes: Buffer, start: number) => {
    this.#note("rtp");
    this.numbers.push(bytes.readUInt16BE(start + 2));
  };
  rtcp = (bytes: Buffer, start: number, end: number) => void this.rtcpPackets.push(bytes.toString("hex", start, end));

  #note(call: string): void {
    if (this.calls.at(-1) !== call) this.calls.push(call);
  }
}

/** A camera that plays over UDP from 127.0.0.1: its sockets, and the client's ports from SETUP. */
class UdpCamera {
  clientPorts: [number, number] = [0, 0];
  readonly rtpHeard: Buffer[] = [];
  readonly rtcpHeard: Buffer[] = [];
  readonly #rtp = createSocket("udp4");
  readonly #rtcp = createSocket("udp4");

  static async start(): Promise<UdpCamera> {
    const camera = new UdpCamera();
    const sockets: [Socket, Buffer[]][] = [
      [camera.#rtp, camera.rtpHeard],
      [camera.#rtcp, camera.rtcpHeard],
    ];
    for (const [socket, heard] of sockets) {
      socket.on("message", (bytes) => heard.push(bytes));
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
      cleanups.push(() => void socket.close());
    }
    return camera;
  }

  get script(): Script {
    return (request) => {
      if (request.method !== "SETUP") return goodAnswer(request);
      const ports = /^Transport: RTP\/AVP;unicast;client_port=(\d+)-(\d+)$/m.exec(request.head.replaceAll("\r", ""));
      this.clientPorts = [Number(ports?.[1]), Number(ports?.[2])];
      const transport = `RTP/AVP;unicast;client_port=${ports?.[1]}-${ports?.[2]};server_port=${this.#rtp.address().port}-${this.#rtcp.address().port}`;
      return answer("200 OK", { Session: "77;timeout=20", Transport: transport });
    };
  }

  /** Sends packets with these numbers. */
  send(numbers: number[], from = this.#rtp): void {
    for (const n of numbers) from.send(rtpPacket(n), this.clientPorts[0], "127.0.0.1");
  }

  sendControl(...packets: Buffer[]): void {
    this.#rtcp.send(Buffer.concat(packets), this.clientPorts[1], "127.0.0.1");
  }
}

function rtpPacket(sequenceNumber: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.set([0x80, 96]);
  bytes.writeUInt16BE(sequenceNumber, 2);
  bytes.writeUInt32BE(SSRC, 8);
  return bytes;
}

function goodbye(ssrc: number): Buffer {
  const bytes = Buffer.from([0x81, 203, 0, 1, 0, 0, 0, 0]);
  bytes.writeUInt32BE(ssrc, 4);
  return bytes;
}

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(script);
  cleanups.push(() => server.stop());
  return server;
}

function newSession(url: string, transport: "tcp" | "udp" = "udp"): { session: RtspSession; log: Log } {
  const log = new Log();
  const session = new RtspSession(new BatchedSockets(20), url, log, { transport });
  cleanups.push(() => session.close());
  return { session, log };
}

async function playing(): Promise<{ camera: UdpCamera; server: ScriptedServer; session: RtspSession; log: Log }> {
  const camera = await UdpCamera.start();
  const server = await serve(camera.script);
  const { session, log } = newSession(server.url);
  await session.open();
  return { camera, server, session, log };
}

/** A session whose first packets have been delivered, so that none wait for earlier ones. */
async function begun(): Promise<Awaited<ReturnType<typeof playing>>> {
  const all = await playing();
  all.camera.send([100]);
  await until(() => {
    all.session.keepAlive(performance.now());
    return all.log.numbers.length > 0;
  });
  all.log.calls.length = 0;
  return all;
}

describe("a session over UDP", () => {
  test("asks for an even port and the odd one above it, and opens the way for the camera's packets", async () => {
    const { camera } = await playing();
    const [rtpPort, rtcpPort] = camera.clientPorts;
    expect([rtpPort % 2, rtcpPort - rtpPort]).toEqual([0, 1]);
    await until(() => camera.rtpHeard.length > 0 && camera.rtcpHeard.length > 0);
    expect(camera.rtpHeard[0]?.toString("hex")).toBe("80".padEnd(24, "0"));
    expect(camera.rtcpHeard[0]?.subarray(0, 4).toString("hex")).toBe("80c90001");
  });

  test("passes packets on in order and once, then tells that it heard and that the batch is over", async () => {
    const { camera, log } = await begun();
    camera.send([103, 101, 101, 102, 104, 103]);
    await until(() => log.numbers.length === 5 && log.calls.at(-1) === "batchEnd");
    expect(log.numbers).toEqual([100, 101, 102, 103, 104]);
    expect(log.calls.slice(0, 3)).toEqual(["rtp", "heard", "batchEnd"]);
  });

  test("gives a missing packet up at a tick", async () => {
    const { camera, session, log } = await begun();
    camera.send([102]);
    await until(() => log.calls.includes("heard"));
    expect(log.numbers).toEqual([100]);
    session.keepAlive(performance.now() + 1000);
    await until(() => log.numbers.length === 2 && log.calls.at(-1) === "batchEnd");
    expect(log.numbers).toEqual([100, 102]);
  });

  test("drops packets of other hosts", async () => {
    const { camera, log } = await begun();
    const foreign = createSocket("udp4");
    cleanups.push(() => void foreign.close());
    foreign.bind(0, "127.0.0.2");
    await once(foreign, "listening");
    camera.send([101, 102], foreign);
    await new Promise<void>((sent) => foreign.send(rtpPacket(103), camera.clientPorts[0], "127.0.0.1", () => sent()));
    camera.send([101, 104]);
    await until(() => log.numbers.length > 1);
    expect(log.numbers).toEqual([100, 101]);
  });

  test("takes packets of the host that the camera named as their source", async () => {
    const camera = await UdpCamera.start();
    const server = await serve((request, socket, count) =>
      camera.script(request, socket, count)?.replace("unicast;", "unicast;source=127.0.0.3;"),
    );
    const { session, log } = newSession(server.url);
    await session.open();
    const other = createSocket("udp4");
    cleanups.push(() => void other.close());
    other.bind(0, "127.0.0.3");
    await once(other, "listening");
    camera.send([7], other);
    await until(() => {
      session.keepAlive(performance.now());
      return log.numbers.length > 0;
    });
    expect(log.numbers).toEqual([7]);
  });

  test("sends receiver reports that tell what was lost, and keeps the session alive over TCP", async () => {
    const { camera, server, session, log } = await begun();
    camera.send([101, 103, 104]);
    await until(() => log.numbers.length === 2);
    camera.rtcpHeard.length = 0;
    session.keepAlive(performance.now() + 20_000);
    await until(() => camera.rtcpHeard.length > 0 && server.methods.includes("GET_PARAMETER"));
    const report = camera.rtcpHeard[0] as Buffer;
    expect(report.subarray(0, 4).toString("hex")).toBe("81c90007");
    expect([report.readUInt32BE(8), report.readIntBE(13, 3), report.readUInt32BE(16)]).toEqual([SSRC, 1, 104]);
  });

  test("ends with the camera's goodbye, having passed on what waited", async () => {
    const { camera, log } = await begun();
    camera.send([102]);
    camera.sendControl(goodbye(SSRC + 1));
    await until(() => log.rtcpPackets.length > 0);
    expect(log.closings).toEqual([]);
    await until(() => log.calls.includes("heard"));
    camera.sendControl(goodbye(SSRC));
    await until(() => log.closings.length > 0);
    expect(log.closings[0]?.message).toMatch(/ended the stream/);
    expect([log.numbers, log.calls.slice(-3)]).toEqual([
      [100, 102],
      ["rtp", "batchEnd", "closed"],
    ]);
  });

  test("ends with its TCP connection, and lets go of the ports", async () => {
    const { camera, server, log } = await begun();
    for (const socket of server.sockets) socket.destroy();
    await until(() => log.closings.length > 0);
    const socket = createSocket("udp4");
    socket.bind(camera.clientPorts[0]);
    await once(socket, "listening");
    socket.close();
  });

  test("is not taken for heard when only answers come over TCP", async () => {
    const { server, session, log } = await playing();
    log.calls.length = 0;
    session.keepAlive(performance.now() + 20_000);
    await until(() => server.methods.includes("GET_PARAMETER"));
    await new Promise((resolve) => setTimeout(resolve, 50)); // for the answer, which calls no callback
    expect(log.calls).not.toContain("heard");
  });

  test("closed by its owner it says TEARDOWN, lets go of the ports, and is silent", async () => {
    const { camera, server, session, log } = await begun();
    session.close();
    camera.send([101]);
    await until(() => server.methods.at(-1) === "TEARDOWN");
    const socket = createSocket("udp4");
    socket.bind(camera.clientPorts[0]);
    await once(socket, "listening");
    socket.close();
    expect([log.numbers, log.closings]).toEqual([[100], []]);
  });
});

describe("a camera that does not play over UDP", () => {
  test("and says 461 is refused, with what to do", async () => {
    const server = await serve((request) =>
      request.method === "SETUP" ? answer("461 Unsupported transport") : goodAnswer(request),
    );
    const error = (await newSession(server.url)
      .session.open()
      .catch((e: unknown) => e)) as CameraRefusedError;
    expect(error).toBeInstanceOf(CameraRefusedError);
    expect(`${error.message}: ${error.advice}`).toMatch(/461 .* to SETUP: .*`transport` to the other of tcp and udp/);
  });

  test("and answers with channels of the connection is played over it", async () => {
    const server = await serve(goodAnswer);
    const { session, log } = newSession(server.url);
    await session.open();
    expect(session.isOverUdp).toBe(false);
    for (const socket of server.sockets) socket.write(interleavedRtp(0, 96, SSRC, "video"));
    await until(() => log.numbers.length > 0);
  });

  test("because its URL is rtsps:// is refused before anything is sent", async () => {
    const contacted: unknown[] = [];
    const server = createServer((socket) => contacted.push(socket)).listen(0, "127.0.0.1");
    cleanups.push(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const error = await newSession(`rtsps://127.0.0.1:${port}/`)
      .session.open()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CameraRefusedError);
    expect((error as CameraRefusedError).advice).toMatch(/transport to tcp/);
    expect(contacted).toEqual([]);
  });
});

describe("RTCP inside the RTSP connection", () => {
  test("receiver reports go out on the channel above the video's, and a goodbye ends the session", async () => {
    let sent = Buffer.alloc(0);
    const server = await serve((request, socket) => {
      if (request.method === "PLAY") socket.on("data", (data) => (sent = Buffer.concat([sent, data])));
      return goodAnswer(request)?.replace("interleaved=0-1", "interleaved=4-5");
    });
    const { session, log } = newSession(server.url, "tcp");
    await session.open();
    for (const socket of server.sockets) socket.write(interleavedRtp(4, 96, SSRC, "video"));
    await until(() => log.numbers.length > 0);
    session.keepAlive(performance.now());
    session.keepAlive(performance.now() + 9000);
    await until(() => sent.length >= 4);
    const report = sent.subarray(sent.indexOf("$\x05", 0, "latin1"));
    expect(report.subarray(0, 2).toString("latin1")).toBe("$\x05");
    expect([report[5], report.readUInt32BE(12)]).toEqual([201, SSRC]);
    const bye = goodbye(SSRC);
    for (const socket of server.sockets) socket.write(Buffer.concat([Buffer.from([0x24, 5, 0, bye.length]), bye]));
    await until(() => log.closings.length > 0);
  });
});

test("a kernel that keeps fewer packets than it is asked to is told of, with what to set", () => {
  const doubled = process.platform === "linux" ? 2 : 1;
  expect(receiveBufferProblem(2 * 1024 * 1024 * doubled)).toBeUndefined();
  expect(receiveBufferProblem(425_984)).toMatch(/keeps 416 kB .*net\.core\.rmem_max to 2097152/);
});
