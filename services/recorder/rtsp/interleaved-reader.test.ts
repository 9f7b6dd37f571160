import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InterleavedReader } from "./interleaved-reader.ts";
import { RtspSyntaxError } from "./message.ts";

/** What was passed on, in order: packets as channel and hexadecimal bytes, messages as start line and body. */
interface Heard {
  events: string[];
  garbage: number;
}

function newReader(): { reader: InterleavedReader; heard: Heard } {
  const heard: Heard = { events: [], garbage: 0 };
  const reader = new InterleavedReader({
    packet: (channel, bytes, start, end) => heard.events.push(`${channel}:${bytes.toString("hex", start, end)}`),
    message: (message) =>
      heard.events.push(`${message.kind === "response" ? message.status : message.method} ${message.body}`),
    garbage: (count) => {
      heard.garbage += count;
    },
  });
  return { reader, heard };
}

/** Pushes bytes in pieces that end at `cuts`, through one buffer that is overwritten after each. */
function push(reader: InterleavedReader, bytes: Buffer, cuts: number[]): void {
  const shared = Buffer.alloc(bytes.length + 16);
  let from = 0;
  for (const to of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    if (to > from) {
      bytes.copy(shared, 0, from, to);
      reader.push(shared, to - from);
      shared.fill(0x24);
    }
    from = to;
  }
}

function packet(channel: number, payload: Buffer): Buffer {
  const head = Buffer.from([0x24, channel, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

interface Part {
  bytes: Buffer;
  event: string;
}

const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 1400, maxLength: 1500 }),
  fc.constant(new Uint8Array(65_535).fill(0x24)),
);
const packets: fc.Arbitrary<Part> = fc.tuple(fc.nat(255), payloads).map(([channel, payload]) => ({
  bytes: packet(channel, Buffer.from(payload)),
  event: `${channel}:${Buffer.from(payload).toString("hex")}`,
}));
const messages: fc.Arbitrary<Part> = fc
  .tuple(
    fc.constantFrom("RTSP/1.0 200 OK", "rtsp/1.0 404", "OPTIONS * RTSP/1.0", "GET_PARAMETER rtsp://h/a RTSP/1.0"),
    fc.constantFrom("\r\n", "\n"),
    fc.string({ maxLength: 300 }),
    fc.constantFrom("", "\r\n", "\n\n"),
  )
  .map(([start, newline, body, extra]) => ({
    bytes: Buffer.from(
      `${start}${newline}Content-Length: ${Buffer.byteLength(body)}${newline}X: $y${newline}${newline}${body}${extra}`,
    ),
    event: `${/\d{3}|[A-Z_]{5,}/.exec(start)?.[0]} ${body}`,
  }));

describe("InterleavedReader (RFC 2326 §10.12)", () => {
  test("packets and messages in any order, cut anywhere, are passed on as they were sent", () => {
    const parts = fc.array(fc.oneof({ weight: 3, arbitrary: packets }, messages), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(parts, fc.array(fc.nat(), { maxLength: 40 }), (sent, cuts) => {
        const { reader, heard } = newReader();
        push(reader, Buffer.concat(sent.map((part) => part.bytes)), cuts);
        expect(heard.events).toEqual(sent.map((part) => part.event));
        expect(heard.garbage).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test("the same when every byte comes alone", () => {
    const parts = fc.array(fc.oneof(packets, messages), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(parts, (sent) => {
        const { reader, heard } = newReader();
        for (const byte of Buffer.concat(sent.map((part) => part.bytes)))
          reader.push(Buffer.from([byte, 0x24, 0x24]), 1);
        expect(heard.events).toEqual(sent.map((part) => part.event));
      }),
      { numRuns: 20 },
    );
  });

  test("garbage between packets is left out and counted, whatever it holds but a packet (retina #17, Reolink)", () => {
    const rtp = (filler: number) => packet(0, Buffer.alloc(200, filler).fill(0x80, 0, 1));
    // It begins like a packet of an unknown channel. No 0x00 after a `$`: that might be a packet of channel 0.
    const garbage = fc
      .uint8Array({ minLength: 1, maxLength: 3000 })
      .map((bytes) => Buffer.from(bytes.map((byte, i) => (byte === 0 && bytes[i - 1] === 0x24 ? 1 : byte))))
      .map((bytes) => Buffer.concat([Buffer.from("ff2405000880", "hex"), bytes, Buffer.from("20", "hex")]));
    fc.assert(
      fc.property(garbage, fc.array(fc.nat(), { maxLength: 20 }), (bytes, cuts) => {
        fc.pre(!bytes.includes("RTSP/"));
        const { reader, heard } = newReader();
        push(reader, Buffer.concat([rtp(1), bytes, rtp(2), rtp(3), Buffer.from("RTSP/1.0 200 OK\r\n\r\n")]), cuts);
        expect(heard.events.map((event) => event.slice(-2))).toEqual(["01", "02", "03", "0 "]);
        expect(heard.garbage).toBe(bytes.length);
      }),
    );
  });

  test("false packets of other channels among much garbage cost none of the packets behind them", () => {
    const rtp = packet(0, Buffer.alloc(200, 0x80));
    const { reader, heard } = newReader();
    const garbage = Buffer.alloc(70_000, 0xff);
    const falseOnes = [packet(106, Buffer.alloc(10, 0x80)), packet(153, Buffer.alloc(20, 0x80))];
    push(reader, Buffer.concat([rtp, garbage, ...falseOnes, Buffer.from([0xff]), rtp, rtp, rtp]), []);
    expect(heard.events.filter((event) => event.startsWith("0")).length).toBe(4);
  });

  test("a packet that lost bytes in its middle costs the packets that its length reaches into, no more", () => {
    const rtp = (filler: number) => packet(2, Buffer.alloc(1000, filler).fill(0x80, 0, 1));
    for (const [first, last] of [
      [0x61, 0x7a], // letters, with which a message might begin
      [0xb0, 0xcf],
    ] as const) {
      for (let filler = first; filler <= last; filler++) {
        const { reader, heard } = newReader();
        const cut = rtp(filler).subarray(0, 300);
        push(reader, Buffer.concat([rtp(filler), cut, rtp(filler), rtp(filler), rtp(filler)]), []);
        expect(heard.events.length).toBe(4); // one of them is made of two
        expect(heard.garbage).toBe(300);
      }
    }
  });

  test("something else than an RTSP server is told at once", () => {
    for (const text of [
      "HTTP/1.1 400 Bad Request\r\n",
      "SSH-2.0-OpenSSH_9.2p1\r\n",
      "220 ftp\r\n\r\nlorem\r\n\r\n\r\n",
    ]) {
      const { reader, heard } = newReader();
      const push = () => reader.push(Buffer.from(text), text.length);
      if (/^[A-Z]/.test(text)) expect(push).toThrow(RtspSyntaxError);
      else push();
      expect(heard.events).toEqual([]);
    }
  });

  test.each([
    ["one line without end", "a"],
    ["lines without end", "a:b\n"],
    ["folds without end", " c\n"],
  ])("a header of %s is refused after 256 kB, also when it comes byte by byte", (_, piece) => {
    const { reader } = newReader();
    const start = Buffer.from("RTSP/1.0 200 OK\r\n");
    const endless = Buffer.alloc(400_000, piece);
    reader.push(start, start.length);
    let pushed = 0;
    expect(() => {
      for (; pushed < endless.length; pushed++) reader.push(endless.subarray(pushed, pushed + 1), 1);
    }).toThrow(RtspSyntaxError);
    expect(pushed).toBeLessThan(300_000);
    expect(() => newReader().reader.push(Buffer.concat([start, endless]), start.length + endless.length)).toThrow(
      RtspSyntaxError,
    );
  });

  test("a body of 200 kB behind a header of 7 kB that comes byte by byte is parsed once", () => {
    const { reader, heard } = newReader();
    const body = "b".repeat(200_000);
    const bytes = Buffer.from(`RTSP/1.0 200 OK\r\n${"A: b\r\n".repeat(1200)}Content-Length: 200000\r\n\r\n${body}`);
    for (let i = 0; i < bytes.length; i++) reader.push(bytes.subarray(i, i + 1), 1);
    expect(heard.events).toEqual([`200 ${body}`]);
  });

  test("a body that is announced too large is refused at its header", () => {
    const { reader } = newReader();
    const bytes = Buffer.from("RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n");
    expect(() => reader.push(bytes, bytes.length)).toThrow(RtspSyntaxError);
  });

  test("a broken message among packets costs no packet; a read that is full of them is given up", () => {
    const { reader, heard } = newReader();
    const rtp = packet(0, Buffer.alloc(100, 0x80));
    const broken = Buffer.from("RTSP/1.0 200 OK\r\nContent-Length: none\r\n\r\n");
    for (let n = 0; n < 40; n++) push(reader, Buffer.concat([rtp, broken, rtp]), []);
    expect(heard.events).toHaveLength(80);
    // All have the same end, so that 40,000 times 200 kB would be searched.
    const many = Buffer.from(`${"RTSP/".repeat(40_000)}\r\n\r\n`);
    expect(() => push(reader, Buffer.concat([rtp, many]), [])).toThrow(RtspSyntaxError);
    expect(heard.events).toHaveLength(81);
  });

  test("whatever comes: it ends, with an RtspSyntaxError at worst", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom("$", "R", "RTSP/1.0 200 OK\r\n", "Content-Length: 5\r\n", "\r\n\r\n", "$\0\0\0", "$\0\0", "a")
        .map((t) => Buffer.from(t)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(), { maxLength: 30 }), (pieces, cuts) => {
        const { reader } = newReader();
        try {
          push(reader, Buffer.concat(pieces), cuts);
        } catch (error) {
          expect(error).toBeInstanceOf(RtspSyntaxError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
